-- Raises a service's version and tells everyone who listens, when the transaction commits.
create or replace function bump(the_service smallint) returns bigint
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    changed service;
begin
    update service set version = version + 1 where service_id = the_service returning * into changed;
    perform pg_notify('vonglau', changed.name || ':' || changed.version);
    return changed.version;
end
$$;
