insert into observation_latest as l (
    thing_id, property_id, phenomenon_time, phenomenon_end, received_at, result, result_text, quality, numerator,
    denominator, source_id
)
select distinct on (thing_id, property_id)
    thing_id, property_id, phenomenon_time, phenomenon_end, received_at, result, result_text, quality, numerator,
    denominator, source_id
from pg_temp.stage_observation
where outcome in ('n', 'u')
order by thing_id, property_id, phenomenon_time desc, turn desc
on conflict (thing_id, property_id) do update set
    phenomenon_time = excluded.phenomenon_time,
    phenomenon_end = excluded.phenomenon_end,
    received_at = excluded.received_at,
    result = excluded.result,
    result_text = excluded.result_text,
    quality = excluded.quality,
    numerator = excluded.numerator,
    denominator = excluded.denominator,
    source_id = excluded.source_id
where excluded.phenomenon_time >= l.phenomenon_time
