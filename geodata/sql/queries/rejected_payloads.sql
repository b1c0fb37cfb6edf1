-- Kept payloads of a source that were not mended yet, oldest first after an id: id, received_at, reason, payload (bytes).
-- Those of a service with personal data are in rejected_private.
select r.rejection_id as id, r.received_at, r.reason, r.payload
from rejection as r join source as s using (source_id)
where s.name = %(source)s and r.mended_at is null and r.payload is not null and r.rejection_id > %(after)s
    and (%(reason)s::text is null or r.reason = %(reason)s)
order by r.rejection_id
limit %(limit)s
