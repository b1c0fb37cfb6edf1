-- How late rows come, by source, of what happened in start < time <= end: source, p50_s, p95_s, n (of rows looked at).
-- A sample of bounded cost: the newest row of each thing, the cases, warnings and events themselves, and of fixes and
-- observations one minute in every half hour, 500 rows each at most. What a new source catches up with (it happened
-- before the source was declared and came after) is no lag. What came after ``known_at`` is in no sample; of things,
-- cases and warnings that have told anew since only the newest word is there to be looked at.
with slot as (
    select generate_series(
        %(start)s::timestamptz, %(end)s::timestamptz - interval '1 minute', interval '30 minutes') as begun
), fix as (
    select p.source_id, p.received_at, p.time from slot as s cross join lateral (
        select source_id, received_at, time from position
        where time > s.begun and time <= s.begun + interval '1 minute' limit 500
    ) as p
), measured as (
    select o.source_id, o.received_at, o.time from slot as s cross join lateral (
        select source_id, received_at, coalesce(phenomenon_end, phenomenon_time) as time from observation
        where phenomenon_time > s.begun and phenomenon_time <= s.begun + interval '1 minute' limit 500
    ) as o
), sample as (
    select source_id, received_at, time from position_latest
    union all
    select source_id, received_at, coalesce(phenomenon_end, phenomenon_time) from observation_latest
    union all
    select source_id, received_at, updated_datetime from service_request
    where requested_datetime > %(start)s::timestamptz - interval '30 days'
    union all
    select source_id, received_at, sent from alert
    union all
    select source_id, received_at, time from event where time > %(start)s::timestamptz
    union all
    select source_id, received_at, time from coverage where time > %(start)s::timestamptz
    union all
    select * from fix
    union all
    select * from measured
), lag as (
    select l.source_id, greatest(extract(epoch from (l.received_at - l.time)), 0)::float8 as seconds
    from sample as l join source as s using (source_id)
    where l.time > %(start)s and l.time <= %(end)s
        and (%(known_at)s::timestamptz is null or l.received_at <= %(known_at)s)
        and (l.time >= s.registered_at or l.received_at < s.registered_at)
)
select s.name as source, percentile_cont(0.5) within group (order by l.seconds) as p50_s,
    percentile_cont(0.95) within group (order by l.seconds) as p95_s, count(*) as n
from lag as l join source as s using (source_id)
group by s.name
order by s.name
