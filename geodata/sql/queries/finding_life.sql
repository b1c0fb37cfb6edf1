-- Everything that happened to one finding, by the watch, by people and to what was sent out, oldest first.
select time, 'watch' as who, what, level, detail from finding_change where finding_id = %(id)s
union all
select time, who, what, null, detail from act where finding_id = %(id)s
union all
select coalesce(delivered_at, ended_at, created_at), 'notify', state, null,
    jsonb_build_object('outlet', outlet, 'news', news, 'tries', tries, 'error', last_error)
from delivery
where finding_id = %(id)s and (state in ('delivered', 'given_up') or state = 'waiting' and tries > 0)
order by time
