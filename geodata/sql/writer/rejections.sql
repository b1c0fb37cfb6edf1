-- Payloads to look at and replay; the same one of the same moment is kept once. A payload that may hold personal
-- data goes where only the role identity reads.
with given as (
    select * from unnest(
        %(received)s::timestamptz[], %(reasons)s::text[], %(details)s::text[], %(payloads)s::bytea[], %(digests)s::uuid[]
    ) as g (received_at, reason, detail, payload, digest)
), made as (
    insert into rejection (source_id, received_at, reason, detail, payload, digest)
    select %(source)s, received_at, reason, detail, case when not %(personal)s then payload end, digest from given
    on conflict (source_id, received_at, digest) do nothing
    returning rejection_id, received_at, digest
)
select identity.keep_payload(m.rejection_id, g.payload)
from made as m join given as g using (received_at, digest)
where %(personal)s
