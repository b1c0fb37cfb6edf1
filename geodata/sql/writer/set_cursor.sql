insert into cursor as c (source_id, value) values (%(source)s, %(value)s)
on conflict (source_id) do update set value = excluded.value, updated_at = now()
where c.value is distinct from excluded.value
