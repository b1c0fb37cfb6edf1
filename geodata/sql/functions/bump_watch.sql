-- Tells everyone who listens that findings or acts changed: the version of the service watch, which begins with the first.
-- Who keeps them may not touch the other services.
create or replace function bump_watch() returns bigint
language plpgsql security definer set search_path = vonglau, public, pg_temp as $$
begin
    insert into service (name) values ('watch') on conflict (name) do nothing;
    return bump(service_id) from service where name = 'watch';
end
$$;
