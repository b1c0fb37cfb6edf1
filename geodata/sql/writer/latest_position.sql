insert into position_latest as l (
    thing_id, time, received_at, lon_e7, lat_e7, sog_kn, cog_deg, heading_deg, source_id, status
)
select distinct on (thing_id)
    thing_id, time, received_at, lon_e7, lat_e7, sog_kn, cog_deg, heading_deg, source_id, status
from pg_temp.stage_position
order by thing_id, time desc, seq
on conflict (thing_id) do update set
    time = excluded.time,
    received_at = excluded.received_at,
    lon_e7 = excluded.lon_e7,
    lat_e7 = excluded.lat_e7,
    sog_kn = excluded.sog_kn,
    cog_deg = excluded.cog_deg,
    heading_deg = excluded.heading_deg,
    source_id = excluded.source_id,
    status = excluded.status
where excluded.time > l.time
