-- What came in, by minute of arrival over start < minute <= end: minute, received, stored, duplicate, rejected.
-- received = stored + duplicate + the sum of rejected.
select l.minute, l.received, l.stored, l.duplicate, l.rejected
from ledger as l join source as s using (source_id)
where s.name = %(source)s and l.minute > %(start)s and l.minute <= %(end)s
    and (%(known_at)s::timestamptz is null or l.minute <= %(known_at)s)
order by l.minute
