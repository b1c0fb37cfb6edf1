-- The batch's lines of the ledger, one a minute of arrival, and the source's totals.
with line as (
    select * from unnest(
        %(minutes)s::timestamptz[], %(received)s::bigint[], %(stored)s::bigint[], %(duplicate)s::bigint[],
        %(rejected)s::jsonb[]
    ) as l (minute, received, stored, duplicate, rejected)
), written as (
    insert into ledger as o (source_id, minute, received, stored, duplicate, rejected)
    select %(source)s, minute, received, stored, duplicate, rejected from line
    on conflict (source_id, minute) do update set
        received = o.received + excluded.received,
        stored = o.stored + excluded.stored,
        duplicate = o.duplicate + excluded.duplicate,
        rejected = add_counts(o.rejected, excluded.rejected)
)
update source_live as s set
    received = s.received + t.received,
    stored = s.stored + t.stored,
    duplicate = s.duplicate + t.duplicate,
    rejected = add_counts(s.rejected, %(reasons)s),
    received_at = greatest(s.received_at, %(last)s)
from (
    select sum(received)::bigint as received, sum(stored)::bigint as stored, sum(duplicate)::bigint as duplicate from line
) as t
where s.source_id = %(source)s
