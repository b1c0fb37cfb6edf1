-- Findings that stood open at any time of a window, by the rows' own times; ``known_at``: noticed until then.
select finding_id as id, rule, rule_version, service, key, level, confidence, opened_at, noticed_at, closed_at,
    close_noticed_at, close_reason, times_opened, simulated, facts, rows, limits
from finding
where opened_at <= %(end)s and (closed_at is null or closed_at > %(start)s)
    and (%(known_at)s::timestamptz is null or noticed_at <= %(known_at)s)
order by opened_at, finding_id
limit %(limit)s
