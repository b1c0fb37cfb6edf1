-- The lines of both journals after the cursor. ``agency``: whose it was at that moment (for a line of giving: whose it
-- becomes), ``agency_before``: who had it before that line.
with line as (
    (
        select change_id, null::bigint as act_id, finding_id, time, what, level, detail, null::text as who
        from finding_change where change_id > %(change_id)s order by change_id limit %(most)s
    )
    union all
    (
        select null, act_id, finding_id, time, what, null, detail, who
        from act where act_id > %(act_id)s order by act_id limit %(most)s
    )
)
select l.*, f.rule, f.service, coalesce(l.level, f.level) as level_then, b.level as level_before,
    given.agency, given.agency_before
from line as l
left join finding as f using (finding_id)
left join lateral (
    select level from finding_change as p
    where p.finding_id = l.finding_id and p.change_id < l.change_id order by p.change_id desc limit 1
) as b on l.change_id is not null
left join lateral (
    select (array_agg(a.detail ->> 'agency' order by a.act_id desc))[1] as agency,
        (array_agg(a.detail ->> 'agency' order by a.act_id desc))[2] as agency_before
    from act as a
    where a.finding_id = l.finding_id and a.what = 'assign'
        and case when l.act_id is null then a.time <= l.time else a.act_id <= l.act_id end
        and a.time >= (
            select max(o.time) from finding_change as o
            where o.finding_id = l.finding_id and o.what in ('open', 'reopen')
                and (l.change_id is null or o.change_id <= l.change_id)
        )
) as given on true
order by l.time, l.change_id, l.act_id
