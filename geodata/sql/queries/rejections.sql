-- The newest rejected inputs of a source: id, received_at, reason, detail, payload (bytes; null for a service with
-- personal data), mended_at (read again and stored since).
select r.rejection_id as id, r.received_at, r.reason, r.detail, r.payload, r.mended_at
from rejection as r join source as s using (source_id)
where s.name = %(source)s and (%(known_at)s::timestamptz is null or r.received_at <= %(known_at)s)
order by r.rejection_id desc
limit %(limit)s
