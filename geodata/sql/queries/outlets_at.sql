-- What was not sent out by an instant: of each outlet what waited then and what was given up in the time ``back`` before;
-- with no outlet the lines of the journals that the sender, once begun, has not read. ``since``: of the oldest;
-- ``sent_at``: when anything was sent last.
with missed as (
    select outlet, created_at as time, ended_at is null or ended_at > %(end)s as waits, last_error
    from delivery
    where news <> 'digest' and created_at <= %(end)s and (
        ended_at is null or ended_at > %(end)s
        or (state = 'given_up' and ended_at > %(end)s::timestamptz - %(back)s::interval)
    )
    union all
    select null, l.time, true, null
    from outlet_cursor as c
    join lateral (
        select time from finding_change where change_id > c.change_id
        union all
        select time from act where act_id > c.act_id
    ) as l on l.time <= %(end)s
)
select outlet, count(*) filter (where waits) as waiting, min(time) filter (where waits) as waits_since,
    count(*) filter (where not waits) as given_up, min(time) filter (where not waits) as given_up_since,
    (array_agg(last_error order by waits desc, time desc) filter (where last_error is not null))[1] as error,
    (select max(delivered_at) from delivery where delivered_at <= %(end)s) as sent_at
from missed
group by outlet
order by outlet
