-- The first message of a warning's life: the oldest name that it, and what it replaces, refer to.
create or replace function alert_root(
    the_service smallint, the_sender text, the_identifier text, the_sent timestamptz, known timestamptz
) returns table (root text, first_sent timestamptz)
language sql stable parallel safe set search_path = vonglau, public, pg_temp as $$
    with recursive line as (
        select the_sender as sender, the_identifier as identifier, the_sent as sent
        union
        select r.sender, r.identifier, r.sent
        from line as l
        join alert as a on (a.service_id, a.sender, a.identifier, a.sent) = (the_service, l.sender, l.identifier, l.sent)
            and (known is null or a.received_at <= known)
        join alert_reference as r using (alert_id)
    )
    select concat_ws(',', sender, identifier, to_char(sent at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), sent
    from line order by sent, identifier limit 1
$$;
