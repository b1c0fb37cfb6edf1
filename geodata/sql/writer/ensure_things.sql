with wanted as (
    select unnest(%(ids)s::text[]) as id
), made as (
    insert into thing (service_id, id)
    select %(service)s, w.id from wanted as w
    where not exists (select from thing as t where t.service_id = %(service)s and t.id = w.id)
    returning id, thing_id
)
select id, thing_id from made
union all
select t.id, t.thing_id from thing as t join wanted as w on w.id = t.id where t.service_id = %(service)s
