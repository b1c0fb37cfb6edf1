-- Merges stage_alert into alert. Rows are never edited: another content under a known identity is a conflict (c).
create or replace function merge_alerts() returns void
language plpgsql set search_path = vonglau, public, pg_temp as $$
begin
    update pg_temp.stage_alert as r set turn = o.nth
    from (
        select seq, row_number() over (partition by sender, identifier, sent order by received_at, seq) as nth
        from pg_temp.stage_alert
    ) as o
    where o.seq = r.seq and o.nth > 1;

    with made as (
        insert into alert (service_id, source_id, sender, identifier, sent, status, msg_type, scope, event, category,
            urgency, severity, certainty, level, effective, onset, expires, headline, description, instruction,
            sender_name, web, area_desc, geom, properties, "references", received_at)
        select service_id, source_id, sender, identifier, sent, status, msg_type, scope, event, category, urgency,
            severity, certainty, level, effective, onset, expires, headline, description, instruction, sender_name, web,
            area_desc, geom, properties, "references", received_at
        from pg_temp.stage_alert where turn = 1
        on conflict (service_id, sender, identifier, sent) do nothing
        returning alert_id, service_id, sender, identifier, sent, "references"
    ), names as (
        insert into alert_reference (alert_id, service_id, sender, identifier, sent)
        select m.alert_id, m.service_id, n ->> 0, n ->> 1, (n ->> 2)::timestamptz
        from made as m, jsonb_array_elements(m."references") as n
    )
    update pg_temp.stage_alert as r set outcome = 'n' from made as m
    where r.turn = 1 and (r.sender, r.identifier, r.sent) = (m.sender, m.identifier, m.sent);

    update pg_temp.stage_alert as r
    set outcome = case
        when row(o.status, o.msg_type, o.scope, o.event, o.category, o.urgency, o.severity, o.certainty, o.level,
                o.effective, o.onset, o.expires, o.headline, o.description, o.instruction, o.sender_name, o.web,
                o.area_desc, o.geom, o.properties, o."references")
            is not distinct from row(r.status, r.msg_type, r.scope, r.event, r.category, r.urgency, r.severity,
                r.certainty, r.level, r.effective, r.onset, r.expires, r.headline, r.description, r.instruction,
                r.sender_name, r.web, r.area_desc, r.geom, r.properties, r."references")
        then 'd' else 'c' end
    from alert as o
    where r.outcome is null
        and (o.service_id, o.sender, o.identifier, o.sent) = (r.service_id, r.sender, r.identifier, r.sent);
end
$$;
