-- Of each thing that passed the box in the window, the fix nearest to the point.
select distinct on (o.id)
    o.id, v.lon_e7 / 1e7::float8 as lon, v.lat_e7 / 1e7::float8 as lat, v.time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    coalesce(t.properties, '{}') as properties, t.name, t.category, t.agency, v.sog_kn, v.cog_deg, v.heading_deg, v.status
from position as v
join thing as o on o.thing_id = v.thing_id
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
left join things_at(service_of(%(service)s), %(end)s, %(known)s) as t on t.thing_id = v.thing_id
where v.source_id = any (array(select source_id from source where service_id = service_of(%(service)s)))
    and v.time > %(start)s and v.time <= %(end)s
    and (%(known)s::timestamptz is null or v.received_at <= %(known)s)
    and v.lon_e7 between %(west_e7)s and %(east_e7)s and v.lat_e7 between %(south_e7)s and %(north_e7)s
order by o.id,
    ((v.lon_e7 / 1e7::float8 - %(lon)s) * cos(radians(%(lat)s))) ^ 2 + (v.lat_e7 / 1e7::float8 - %(lat)s) ^ 2,
    v.time desc
