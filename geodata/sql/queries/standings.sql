-- Each time that a finding stood on the desk, from its opening, or opening again, to its close, when it ended after
-- ``start`` or stood at ``end``: id, rule, service, level (the last one told by then), simulated, began, ended (null while
-- it stands), end_reason, acknowledged_at (the first time), acknowledged (it counts: the level has not risen since),
-- desk_closed_at (a close of the desk that counts and was not taken back). From the two journals alone, whose lines
-- are never changed, so that what was known at ``known_at`` are their lines until then.
with until as (
    select least(%(end)s::timestamptz, coalesce(%(known_at)s::timestamptz, %(end)s::timestamptz)) as at
), life as (
    select c.finding_id, c.what, c.time as began,
        lead(c.time) over of_one as ended, lead(c.detail ->> 'reason') over of_one as end_reason
    from finding as f
    join finding_change as c using (finding_id)
    cross join until as u
    where c.what in ('open', 'reopen', 'close') and c.time <= u.at
        and (f.closed_at is null or f.updated_at > %(start)s)
    window of_one as (partition by c.finding_id order by c.time, c.change_id)
), stood as (
    select l.finding_id, l.began, l.ended, l.end_reason, coalesce(l.ended, u.at) as till
    from life as l cross join until as u
    where l.what <> 'close' and (l.ended is null or l.ended > %(start)s)
)
select s.finding_id as id, f.rule, f.service, c.level, f.simulated, s.began, s.ended, s.end_reason, k.acknowledged_at,
    coalesce(k.level >= c.level, false) as acknowledged,
    case when d.level >= c.level and d.time > coalesce(o.time, '-infinity') then d.time end as desk_closed_at
from stood as s
join finding as f using (finding_id)
cross join lateral (
    select level from finding_change
    where finding_id = s.finding_id and time <= s.till order by time desc, change_id desc limit 1
) as c
cross join lateral (
    select min(time) as acknowledged_at, max(coalesce((detail ->> 'level')::int, 4)) as level from act
    where finding_id = s.finding_id and what = 'acknowledge' and time between s.began and s.till
) as k
left join lateral (
    select time, coalesce((detail ->> 'level')::int, 4) as level from act
    where finding_id = s.finding_id and what = 'close' and time between s.began and s.till
    order by time desc, act_id desc limit 1
) as d on true
left join lateral (
    select max(time) as time from act
    where finding_id = s.finding_id and what = 'reopen' and time between s.began and s.till
) as o on true
order by s.began, s.finding_id
