-- Things that the window saw change.
select v.id, st_asbinary(v.geom) as geometry, coalesce(v.time, v.received_at) as time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    v.properties, v.name, v.category, v.agency, v.azimuth_deg, v.fov_deg, v.range_m, v.mast_height_m
from things_at(service_of(%(service)s), %(end)s, %(known)s) as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
where (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)) and coalesce(v.time, v.received_at) > %(start)s and coalesce(v.time, v.received_at) <= %(end)s
order by v.id
limit %(limit)s
