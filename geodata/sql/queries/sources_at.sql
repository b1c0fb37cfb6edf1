-- Every source and its feed at an instant; up is null for one that was never connected.
select s.name as source, v.name as service, s.title_vi, s.title_en, s.operator, s.owner, s.protocol, s.simulated,
    s.cadence_s, case when l.up is null then null else f.feed = 'up' end as up,
    coalesce(f.feed_since, l.since) as since, l.error
from source as s
join service as v using (service_id)
join source_live as l using (source_id)
join feed(%(end)s, %(known_at)s, now()) as f using (source_id)
order by s.name
