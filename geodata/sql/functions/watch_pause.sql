-- So long may pass between two looks of a watch that works: it looks once a minute at least, and rests after a long look.
create or replace function watch_pause() returns interval
language sql immutable set search_path = vonglau, pg_temp as $$
select interval '3 minutes'
$$;
