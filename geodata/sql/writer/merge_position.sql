insert into position (
    time, received_at, thing_id, lon_e7, lat_e7, sog_kn, cog_deg, heading_deg, source_id, status
)
select time, received_at, thing_id, lon_e7, lat_e7, sog_kn, cog_deg, heading_deg, source_id, status
from pg_temp.stage_position
on conflict (thing_id, time) do nothing
