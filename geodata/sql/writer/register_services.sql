insert into service (name)
select w.name from unnest(%(names)s::text[]) as w (name)
where not exists (select from service as s where s.name = w.name)
on conflict (name) do nothing
