-- What hangs on one source: n of each kind: things, cases, alerts, events, features, coverages. A thing counts when it was
-- told by the source or has its newest fix or observation from it.
with one as (
    select source_id, service_id from source where name = %(source)s
), mine as (
    select t.thing_id from thing as t join one using (source_id)
    union
    select p.thing_id from position_latest as p join one using (source_id)
    union
    select o.thing_id from observation_latest as o join one using (source_id)
)
select (select count(*) from mine) as things,
    (select count(*) from service_request as r join one using (source_id)) as cases,
    (select count(*) from alert as a join one using (source_id)) as alerts,
    (select count(*) from event as e join one using (source_id)) as events,
    (select count(*) from feature as f join one using (source_id)) as features,
    (select count(*) from coverage as c join one using (source_id)) as coverages
