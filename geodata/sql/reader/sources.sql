select s.name, v.name as service, s.protocol, s.title_vi, s.title_en, s.simulated, s.cadence_s, s.late_factor,
    l.up, f.feed, f.feed_since, l.beat_at, l.received_at, l.error, l.received, l.stored, l.duplicate, l.rejected,
    v.version, now() as clock, s.registered_at
from source as s
join service as v using (service_id)
join source_live as l using (source_id)
join feed(now(), null, now()) as f using (source_id)
order by s.name
