-- What waits for one outlet, oldest first, with what it is about as it stands now; members of a digest wait with it.
-- ``had``: what this outlet was told last of the finding; ``told``: what it was, or may have been, told last.
select d.delivery_id, d.key::text as key, d.outlet, d.news, d.created_at, d.tries, d.next_try, d.last_error,
    d.digest_id, coalesce(c.time, a.time) as time, coalesce(c.level, f.level) as level_then,
    coalesce(c.detail, a.detail) as detail, a.who, given.agency, had.news as had, told.news as told, shut.reason as desk_close_reason,
    f.finding_id, f.rule, f.rule_version, f.service, f.key as finding_key, f.level, f.confidence, f.opened_at,
    f.noticed_at, f.updated_at, f.clear_since, f.unknown_since, f.unknown_cause, f.closed_at, f.close_noticed_at,
    f.close_reason, f.times_opened, f.simulated, st_asbinary(f.geom) as geometry, f.facts, f.rows, f.limits
from delivery as d
left join finding as f using (finding_id)
left join finding_change as c on c.change_id = d.change_id
left join act as a on a.act_id = d.act_id
left join lateral (
    select max(o.time) as time from finding_change as o
    where o.finding_id = f.finding_id and o.what in ('open', 'reopen')
) as opened on true
left join lateral (
    select g.detail ->> 'agency' as agency from act as g
    where g.finding_id = f.finding_id and g.what = 'assign' and g.time >= opened.time
    order by g.act_id desc limit 1
) as given on true
left join lateral (
    select coalesce(s.detail ->> 'reason', '') as reason, s.what from act as s
    where s.finding_id = f.finding_id and s.what in ('close', 'reopen') and s.time >= opened.time
        and coalesce((s.detail ->> 'level')::int, 4) >= f.level
    order by s.act_id desc limit 1
) as shut on shut.what = 'close'
left join lateral (
    select e.news from delivery as e
    where e.outlet = d.outlet and e.finding_id = d.finding_id and e.delivery_id < d.delivery_id and e.state = 'delivered'
    order by e.delivery_id desc limit 1
) as had on true
left join lateral (
    select e.news from delivery as e
    where e.outlet = d.outlet and e.finding_id = d.finding_id and e.delivery_id < d.delivery_id
        and (e.state = 'delivered' or e.tries > 0)
    order by e.delivery_id desc limit 1
) as told on true
where d.state = 'waiting'
    and case when %(digest_id)s::bigint is null then d.outlet = %(outlet)s and d.digest_id is null
        else d.digest_id = %(digest_id)s end
order by d.delivery_id
limit %(most)s
