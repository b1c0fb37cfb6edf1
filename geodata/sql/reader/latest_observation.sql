-- The newest observation of each thing and property at the view's end.
with value as (
    select l.thing_id, l.property_id, l.phenomenon_time, l.phenomenon_end, l.received_at, l.result, l.result_text, l.quality, l.numerator, l.denominator, l.source_id
    from observation_latest as l join property as p using (property_id)
    where p.service_id = service_of(%(service)s) and l.phenomenon_time <= %(end)s
        and (%(known)s::timestamptz is null or l.received_at <= %(known)s)
    union all
    select l.thing_id, l.property_id, o.phenomenon_time, o.phenomenon_end, o.received_at, o.result, o.result_text, o.quality, o.numerator, o.denominator, o.source_id
    from observation_latest as l join property as p using (property_id)
    cross join lateral (
        (
            select o.*, null::timestamptz as superseded_at from observation as o
            where o.thing_id = l.thing_id and o.property_id = l.property_id and o.phenomenon_time <= %(end)s
                and (%(known)s::timestamptz is null or o.received_at <= %(known)s)
            order by o.phenomenon_time desc limit 1
        )
        union all
        (
            select o.* from observation_history as o
            where o.thing_id = l.thing_id and o.property_id = l.property_id and o.phenomenon_time <= %(end)s
                and o.received_at <= %(known)s
            order by o.phenomenon_time desc, o.received_at desc, o.revision desc limit 1
        )
        order by phenomenon_time desc, received_at desc, revision desc limit 1
    ) as o
    where p.service_id = service_of(%(service)s)
        and (l.phenomenon_time > %(end)s or (%(known)s::timestamptz is not null and l.received_at > %(known)s))
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
order by o.id, p.name
limit %(limit)s
