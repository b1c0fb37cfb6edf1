with known as (
    update source set
        protocol = %(protocol)s, title_vi = %(title_vi)s, title_en = %(title_en)s, operator = %(operator)s,
        owner = %(owner)s, project = %(project)s, license = %(license)s, attribution = %(attribution)s,
        cadence_s = %(cadence_s)s, late_factor = %(late_factor)s, simulated = %(simulated)s
    where name = %(name)s
    returning source_id
), made as (
    insert into source (name, service_id, protocol, title_vi, title_en, operator, owner, project, license, attribution,
        cadence_s, late_factor, simulated)
    select %(name)s, service_id, %(protocol)s, %(title_vi)s, %(title_en)s, %(operator)s, %(owner)s, %(project)s,
        %(license)s, %(attribution)s, %(cadence_s)s, %(late_factor)s, %(simulated)s
    from service where name = %(service)s and not exists (select from known)
    returning source_id
)
insert into source_live (source_id)
select source_id from made union all select source_id from known
on conflict (source_id) do nothing
