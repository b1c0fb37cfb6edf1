-- Warnings in force at the view's end: not cancelled, not replaced, not expired. Index: CAP's extended identifier.
select concat_ws(',', v.sender, v.identifier, to_char(v.sent at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as id,
    st_asbinary(v.geom) as geometry, v.sent as time, v.received_at,
    s.name as source, s.simulated, f.feed, f.feed_since, f.feed_lost, s.cadence_s, s.late_factor,
    v.properties, v.sender, v.identifier, v.sent, v.status, v.msg_type, v.event, v.urgency, v.severity, v.certainty, v.level,
    v.effective, v.onset, v.expires, v.headline, v.description, v.instruction, v.sender_name, v.area_desc,
    o.root, o.first_sent
from alert as v
join source as s on s.source_id = v.source_id
join feed(%(end)s, %(known)s, now()) as f on f.source_id = s.source_id
cross join alert_root(v.service_id, v.sender, v.identifier, v.sent, %(known)s) as o
where v.service_id = service_of(%(service)s) and v.sent <= %(end)s
    and (%(known)s::timestamptz is null or v.received_at <= %(known)s)
    and v.msg_type in ('Alert', 'Update')
    and (v.expires is null or v.expires > %(end)s)
    and not exists (
        select from alert_reference as r join alert as b using (alert_id)
        where (r.service_id, r.sender, r.identifier, r.sent) = (v.service_id, v.sender, v.identifier, v.sent)
            and b.msg_type in ('Update', 'Cancel') and b.sent <= %(end)s
            and (%(known)s::timestamptz is null or b.received_at <= %(known)s)
    )
    and (v.geom is null or v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
order by v.sent desc, v.alert_id
limit %(limit)s
