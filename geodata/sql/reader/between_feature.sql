-- Features whose validity began inside the window.
select v.id, st_asbinary(v.geom) as geometry, coalesce(nullif(v.valid_from, '-infinity'), v.received_at) as time,
    v.received_at, s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    v.properties, v.collection, v.name, v.category, nullif(v.valid_from, '-infinity') as valid_from, v.valid_to,
    v.approximate
from features_known(service_of(%(service)s), %(known)s) as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
where v.valid_from > %(start)s and v.valid_from <= %(end)s
    and (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
order by v.collection, v.id
limit %(limit)s
