-- The strip of every source over start < minute <= end, in equal buckets: source, received (bigint[]), down (real[], the
-- share of the bucket in which the feed is recorded as down), per_minute (received in the 15 minutes before end, by 15).
with span as (
    select %(start)s::timestamptz as origin, %(end)s::timestamptz as finish,
        (extract(epoch from (%(end)s::timestamptz - %(start)s::timestamptz)) / %(buckets)s::int)::float8 as width
), came as (
    select l.source_id, ceil(extract(epoch from (l.minute - s.origin)) / s.width)::int - 1 as bucket,
        sum(l.received)::bigint as received,
        sum(l.received) filter (where l.minute > s.finish - interval '15 minutes') as lately
    from ledger as l, span as s
    where l.minute > s.origin and l.minute <= s.finish
    group by 1, 2
), period as (
    select h.source_id, h.up, h.time as begun, lead(h.time) over (partition by h.source_id order by h.time) as ended
    from source_state as h, span as s
    where h.time <= s.finish
), fault as (
    select p.source_id, greatest(extract(epoch from (p.begun - s.origin)), 0)::float8 as since,
        extract(epoch from (least(coalesce(p.ended, s.finish), s.finish) - s.origin))::float8 as till
    from period as p, span as s
    where not p.up and (p.ended is null or p.ended > s.origin)
), broken as (
    select f.source_id, b as bucket,
        least(sum(greatest(least(f.till, (b + 1) * s.width) - greatest(f.since, b * s.width), 0)) / max(s.width), 1) as share
    from fault as f
    cross join span as s
    cross join lateral generate_series(
        floor(f.since / s.width)::int, least(floor(f.till / s.width)::int, %(buckets)s::int - 1)) as b
    group by 1, 2
)
select s.name as source, array_agg(coalesce(c.received, 0) order by b) as received,
    array_agg(coalesce(d.share, 0)::real order by b) as down, (coalesce(sum(c.lately), 0) / 15)::float8 as per_minute
from source as s
cross join generate_series(0, %(buckets)s::int - 1) as b
left join came as c on c.source_id = s.source_id and c.bucket = b
left join broken as d on d.source_id = s.source_id and d.bucket = b
group by s.name
order by s.name
