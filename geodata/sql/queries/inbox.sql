-- What stands open at ``end``, with what people did: who knows of it, who has it, until when it sleeps, whether the desk
-- closed it or took it from the wall. An act counts while the level has not risen above the one it was done at, nor the finding opened again.
-- The row itself tells how it is now: of an instant before its last change, what the journal told by then (the rows,
-- limits and place are the newest).
with item as (
    select f.*, c.level as level_then, c.what as changed, c.time as changed_at,
        case when f.updated_at <= %(end)s then f.facts else coalesce(c.detail -> 'facts', f.facts) end as facts_then,
        case when f.updated_at <= %(end)s then f.opened_at
            else coalesce((c.detail ->> 'opened_at')::timestamptz, f.opened_at) end as opened_then,
        case when f.updated_at <= %(end)s then f.unknown_since when c.what = 'unknown' then c.time end as unknown_then,
        case when f.updated_at <= %(end)s then f.unknown_cause else c.detail ->> 'cause' end as cause_then,
        case when f.updated_at <= %(end)s then f.clear_since end as clear_then
    from finding as f
    cross join lateral (
        select what, level, time, detail from finding_change
        where finding_id = f.finding_id and time <= %(end)s order by time desc, change_id desc limit 1
    ) as c
    where c.what <> 'close' and (f.close_noticed_at is null or f.close_noticed_at > %(end)s) -- the row knows its last life only
), opened as (
    select i.finding_id, max(c.time) as last_opened, count(*)::int as times_opened
    from item as i join finding_change as c using (finding_id)
    where c.time <= %(end)s and c.what in ('open', 'reopen')
    group by i.finding_id
), act_of as (
    select a.finding_id, a.what, a.time, a.who, a.detail,
        row_number() over (partition by a.finding_id, a.what order by a.time desc, a.act_id desc) as nth
    from act as a join opened as o using (finding_id) join item as i using (finding_id)
    where a.time <= %(end)s and a.time >= o.last_opened
        and (a.what in ('note', 'step', 'link') or coalesce((a.detail ->> 'level')::int, 4) >= i.level_then)
)
select i.finding_id as id, i.rule, i.rule_version, i.service, i.key, i.level_then as level, i.confidence,
    i.opened_then as opened_at, o.last_opened as noticed_at, i.changed_at, i.unknown_then as unknown_since,
    i.cause_then as unknown_cause, i.clear_then as clear_since, o.times_opened, i.simulated,
    st_asbinary(i.geom) as geometry, i.facts_then as facts, i.rows, i.limits,
    k.time as acknowledged_at, k.who as acknowledged_by, g.detail ->> 'agency' as agency, g.time as assigned_at,
    case when (h.detail ->> 'until')::timestamptz > %(end)s and h.time > coalesce(w.time, '-infinity')
        then (h.detail ->> 'until')::timestamptz end as snoozed_until,
    h.detail ->> 'reason' as snooze_reason, d.time as desk_closed_at, d.who as desk_closed_by,
    d.detail ->> 'reason' as desk_close_reason, r.time as released_at
from item as i
join opened as o using (finding_id)
left join act_of as k on k.finding_id = i.finding_id and k.what = 'acknowledge' and k.nth = 1
left join act_of as g on g.finding_id = i.finding_id and g.what = 'assign' and g.nth = 1
left join act_of as h on h.finding_id = i.finding_id and h.what = 'snooze' and h.nth = 1
left join act_of as w on w.finding_id = i.finding_id and w.what = 'wake' and w.nth = 1
left join act_of as u on u.finding_id = i.finding_id and u.what = 'reopen' and u.nth = 1
left join act_of as d on d.finding_id = i.finding_id and d.what = 'close' and d.nth = 1
    and d.time > coalesce(u.time, '-infinity')
left join act_of as r on r.finding_id = i.finding_id and r.what = 'release_wall' and r.nth = 1
order by d.time is not null, i.level_then desc, k.time is not null, i.opened_then, i.finding_id
