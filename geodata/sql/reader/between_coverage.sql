-- Every image of the window.
select v.id, st_asbinary(v.geom) as geometry, v.time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    v.properties, v.href, v.media_type, v.category
from coverages_known(service_of(%(service)s), %(known)s) as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
where v.time > %(start)s and v.time <= %(end)s
    and (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
order by v.time, v.id
limit %(limit)s
