-- As rejected_payloads, of a service with personal data: read by the role identity alone.
select r.rejection_id as id, r.received_at, r.reason, p.payload
from rejection as r
join source as s using (source_id)
join identity.rejection_payload as p using (rejection_id)
where s.name = %(source)s and r.mended_at is null and r.rejection_id > %(after)s
    and (%(reason)s::text is null or r.reason = %(reason)s)
order by r.rejection_id
limit %(limit)s
