-- What came in over start < minute <= end, by source that had ever brought anything by then: source, received, stored,
-- duplicate, rejected (json: reason → n), newest (minute of its last line by then). Lines stand at the minute of arrival,
-- so what was known at ``known_at`` are the lines until then, to the minute.
with until as (
    select least(%(end)s::timestamptz, coalesce(%(known_at)s::timestamptz, %(end)s::timestamptz)) as at
), line as (
    select l.source_id, l.received, l.stored, l.duplicate, l.rejected
    from ledger as l, until as u
    where l.minute > %(start)s and l.minute <= u.at
), total as (
    select source_id, sum(received)::bigint as received, sum(stored)::bigint as stored,
        sum(duplicate)::bigint as duplicate
    from line
    group by source_id
), reason as (
    select r.source_id, jsonb_object_agg(r.reason, r.n) as rejected
    from (
        select l.source_id, e.key as reason, sum(e.value::bigint)::bigint as n
        from line as l cross join lateral jsonb_each_text(l.rejected) as e
        group by l.source_id, e.key
    ) as r
    group by r.source_id
)
select s.name as source, coalesce(t.received, 0) as received, coalesce(t.stored, 0) as stored,
    coalesce(t.duplicate, 0) as duplicate, coalesce(r.rejected, '{}'::jsonb) as rejected, last.minute as newest
from source as s
cross join until as u
join lateral (
    select minute from ledger where source_id = s.source_id and minute <= u.at order by minute desc limit 1
) as last on true
left join total as t using (source_id)
left join reason as r using (source_id)
order by s.name
