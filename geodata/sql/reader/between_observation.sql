-- Every observation of the window, in the version that was known.
with value as (
    select distinct on (thing_id, property_id, phenomenon_time) * from (
        select o.thing_id, o.property_id, o.revision, o.phenomenon_time, o.phenomenon_end, o.received_at, o.result, o.result_text, o.quality, o.numerator, o.denominator, o.source_id from observation as o
        where o.property_id = any (array(select property_id from property where service_id = service_of(%(service)s)))
            and o.phenomenon_time > %(start)s and o.phenomenon_time <= %(end)s
            and (%(known)s::timestamptz is null or o.received_at <= %(known)s)
        union all
        select o.thing_id, o.property_id, o.revision, o.phenomenon_time, o.phenomenon_end, o.received_at, o.result, o.result_text, o.quality, o.numerator, o.denominator, o.source_id from observation_history as o
        where o.property_id = any (array(select property_id from property where service_id = service_of(%(service)s)))
            and o.phenomenon_time > %(start)s and o.phenomenon_time <= %(end)s
            and o.received_at <= %(known)s
    ) as known
    order by thing_id, property_id, phenomenon_time, received_at desc, revision desc
)
select o.id, st_asbinary(v.geom) as geometry, x.phenomenon_time as time, x.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    coalesce(v.properties, '{}') as properties, v.name, v.category, v.agency, p.name as observed_property, x.result,
    x.result_text, p.unit, x.quality, x.phenomenon_end, x.numerator, x.denominator
from value as x
join thing as o on o.thing_id = x.thing_id
join property as p on p.property_id = x.property_id
join source as s on s.source_id = x.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
left join things_at(service_of(%(service)s), %(end)s, %(known)s) as v on v.thing_id = x.thing_id
where (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
order by o.id, p.name, x.phenomenon_time
limit %(limit)s
