-- Tells everyone who listens that findings or acts changed. Who keeps them may not touch the other services.
create or replace function bump_watch() returns bigint
language sql security definer set search_path = vonglau, public, pg_temp as $$
    select bump(service_id) from service where name = 'watch'
$$;
