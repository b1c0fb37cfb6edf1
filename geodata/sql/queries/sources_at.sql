-- Every source and its feed at an instant; up and since are null for one that was not connected yet.
select s.name as source, v.name as service, s.title_vi, s.title_en, s.operator, s.owner, s.protocol, s.simulated,
    s.cadence_s, case when state.up is not null then f.feed = 'up' end as up,
    case when state.up is not null then f.feed_since end as since,
    case when f.feed = 'down' and state.up then 'no heart-beat' else state.error end as error
from source as s
join service as v using (service_id)
join feed(%(end)s, %(known_at)s, now()) as f using (source_id)
cross join lateral (select least(%(end)s::timestamptz, coalesce(%(known_at)s, %(end)s::timestamptz)) as at) as asked
left join lateral (
    select h.up, h.error from source_state as h
    where h.source_id = s.source_id and h.time <= asked.at
    order by h.time desc limit 1
) as state on true
order by s.name
