-- The desk's journal of a window, newest first.
select a.act_id as id, a.time, a.who, a.what, a.finding_id, f.rule, f.key, f.facts, a.detail
from act as a left join finding as f using (finding_id)
where a.time > %(start)s and a.time <= %(end)s
order by a.time desc, a.act_id desc
limit %(limit)s
