-- Records of a service, of every kind, in equal buckets of start < time <= end: start (of the bucket), n.
with span as (
    select %(start)s::timestamptz as origin, (%(end)s::timestamptz - %(start)s::timestamptz) / %(buckets)s::int as width
), sources as (
    select array_agg(source_id) as ids from source where service_id = service_of(%(service)s)
), moment as (
    select p.time, p.received_at from position as p, sources where p.source_id = any (sources.ids)
        and p.time > %(start)s and p.time <= %(end)s
    union all
    select o.phenomenon_time, o.received_at from observation as o, sources where o.source_id = any (sources.ids)
        and o.phenomenon_time > %(start)s and o.phenomenon_time <= %(end)s
    union all
    select requested_datetime, received_at from service_request
    where service_id = service_of(%(service)s) and requested_datetime > %(start)s and requested_datetime <= %(end)s
    union all
    select sent, received_at from alert
    where service_id = service_of(%(service)s) and sent > %(start)s and sent <= %(end)s
    union all
    select time, received_at from event
    where service_id = service_of(%(service)s) and time > %(start)s and time <= %(end)s
    union all
    select time, received_at from coverage
    where service_id = service_of(%(service)s) and time > %(start)s and time <= %(end)s
), counted as (
    select ceil(extract(epoch from (m.time - s.origin)) / extract(epoch from s.width))::int - 1 as bucket, count(*) as n
    from moment as m, span as s
    where %(known_at)s::timestamptz is null or m.received_at <= %(known_at)s
    group by 1
)
select s.origin + b * s.width as start, coalesce(c.n, 0) as n
from span as s
cross join generate_series(0, %(buckets)s::int - 1) as b
left join counted as c on c.bucket = b
order by b
