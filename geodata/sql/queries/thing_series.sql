-- One observed property of one thing over start < time <= end: time, result, result_text, unit, quality, received_at.
select distinct on (x.phenomenon_time)
    x.phenomenon_time as time, x.result, x.result_text, p.unit, x.quality, x.received_at
from (
    select o.*, null::timestamptz as superseded_at from observation as o
    union all
    select o.* from observation_history as o where %(known_at)s::timestamptz is not null
) as x
join thing as t using (thing_id)
join property as p using (property_id)
where t.service_id = service_of(%(service)s) and t.id = %(thing_id)s
    and p.service_id = service_of(%(service)s) and p.name = %(observed_property)s
    and x.phenomenon_time > %(start)s and x.phenomenon_time <= %(end)s
    and (%(known_at)s::timestamptz is null or x.received_at <= %(known_at)s)
order by x.phenomenon_time, x.received_at desc, x.revision desc
