-- The newest finding of each rule and key that is open or was closed after ``after``.
select distinct on (rule, key) finding_id, rule, rule_version, service, key, level, confidence, opened_at, noticed_at,
    updated_at, clear_since, unknown_since, unknown_cause, closed_at, close_noticed_at, close_reason, times_opened,
    simulated, st_asbinary(geom) as geometry, facts, rows, limits
from finding
where closed_at is null or close_noticed_at > %(after)s
order by rule, key, closed_at is not null, noticed_at desc
