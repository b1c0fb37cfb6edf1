with wanted as (
    select * from unnest(%(names)s::text[], %(units)s::text[]) as w (name, unit)
), made as (
    insert into property (service_id, name, unit)
    select %(service)s, w.name, w.unit from wanted as w
    where not exists (select from property as p where p.service_id = %(service)s and p.name = w.name)
    returning name, property_id
)
select name, property_id from made
union all
select p.name, p.property_id from property as p join wanted as w on w.name = p.name where p.service_id = %(service)s
