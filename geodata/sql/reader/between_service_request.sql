-- Cases requested inside the window, in their state at its end.
select v.id, st_asbinary(v.geom) as geometry, v.updated_datetime as time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    v.properties, v.title, v.description, v.service_code, v.service_name, v.category, v.status, v.source_status, v.agency,
    v.address, v.urgency, v.channel, v.rating, v.requested_datetime, v.updated_datetime, v.expected_datetime,
    v.closed_datetime, v.duplicate_of, v.status_notes, v.media_url
from requests_at(service_of(%(service)s), %(end)s, %(known)s) as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
where (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
    and v.requested_datetime > %(start)s and v.requested_datetime <= %(end)s
order by v.id
limit %(limit)s
