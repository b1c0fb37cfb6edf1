-- The newest kept inputs of each reason of a source, ``limit`` of each: reason, kept (of that reason), mended, received_at,
-- detail, payload (its first 4 KiB; null for a service with personal data), size (bytes), mended_at.
with kept as (
    select r.rejection_id, r.reason, r.mended_at,
        row_number() over (partition by r.reason order by r.rejection_id desc) as rank,
        count(*) over (partition by r.reason) as kept,
        count(r.mended_at) over (partition by r.reason) as mended
    from rejection as r join source as s using (source_id)
    where s.name = %(source)s
)
select k.reason, k.kept, k.mended, r.received_at, r.detail, substring(r.payload for 4096) as payload,
    length(r.payload) as size, k.mended_at
from kept as k join rejection as r using (rejection_id)
where k.rank <= coalesce(%(limit)s::int, 2)
order by k.kept desc, k.reason, k.rank
