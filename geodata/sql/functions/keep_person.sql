-- Takes personal data in without letting the writer see any. The newest received wins.
create or replace function identity.keep_person(
    the_service smallint, the_id text, the_person jsonb, at timestamptz
) returns void
language sql security definer set search_path = identity, pg_temp as $$
    insert into identity.person as p (service_id, id, person, received_at)
    values (the_service, the_id, the_person, at)
    on conflict (service_id, id) do update
    set person = p.person || excluded.person, received_at = excluded.received_at
    where excluded.received_at >= p.received_at and p.person is distinct from p.person || excluded.person
$$;

-- A rejected payload of a service with personal data.
create or replace function identity.keep_payload(the_rejection bigint, the_payload bytea) returns void
language sql security definer set search_path = identity, pg_temp as $$
    insert into identity.rejection_payload (rejection_id, payload) values (the_rejection, the_payload)
$$;
