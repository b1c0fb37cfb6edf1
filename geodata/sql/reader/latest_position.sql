-- The newest fix of each thing at the view's end: from position_latest where it is not younger than that.
with fix as (
    select t.id, t.thing_id, l.time, l.received_at, l.lon_e7, l.lat_e7, l.sog_kn, l.cog_deg, l.heading_deg,
        l.source_id, l.status
    from position_latest as l join thing as t using (thing_id)
    where t.service_id = service_of(%(service)s) and l.time <= %(end)s
        and (%(known)s::timestamptz is null or l.received_at <= %(known)s)
        and l.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
    union all
    select t.id, t.thing_id, p.time, p.received_at, p.lon_e7, p.lat_e7, p.sog_kn, p.cog_deg, p.heading_deg,
        p.source_id, p.status
    from position_latest as l join thing as t using (thing_id)
    cross join lateral (
        select * from position as p
        where p.thing_id = t.thing_id and p.time <= %(end)s
            and (%(known)s::timestamptz is null or p.received_at <= %(known)s)
        order by p.time desc limit 1
    ) as p
    where t.service_id = service_of(%(service)s)
        and (l.time > %(end)s or (%(known)s::timestamptz is not null and l.received_at > %(known)s))
        and p.lon_e7 between %(west_e7)s and %(east_e7)s and p.lat_e7 between %(south_e7)s and %(north_e7)s
)
select v.id, v.lon_e7 / 1e7::float8 as lon, v.lat_e7 / 1e7::float8 as lat, v.time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    coalesce(t.properties, '{}') as properties, t.name, t.category, t.agency, v.sog_kn, v.cog_deg, v.heading_deg, v.status
from fix as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
left join things_at(service_of(%(service)s), %(end)s, %(known)s) as t on t.thing_id = v.thing_id
order by v.id
limit %(limit)s
