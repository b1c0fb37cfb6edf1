-- Every fix of the window.
with fix as (
    select p.* from position as p
    where p.source_id = any (array(select source_id from source where service_id = service_of(%(service)s)))
        and p.time > %(start)s and p.time <= %(end)s
        and (%(known)s::timestamptz is null or p.received_at <= %(known)s)
        and p.lon_e7 between %(west_e7)s and %(east_e7)s and p.lat_e7 between %(south_e7)s and %(north_e7)s
)
select o.id, v.lon_e7 / 1e7::float8 as lon, v.lat_e7 / 1e7::float8 as lat, v.time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    coalesce(t.properties, '{}') as properties, t.name, t.category, t.agency, v.sog_kn, v.cog_deg, v.heading_deg, v.status
from fix as v
join thing as o on o.thing_id = v.thing_id
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
left join things_at(service_of(%(service)s), %(end)s, %(known)s) as t on t.thing_id = v.thing_id
order by o.id, v.time
limit %(limit)s
