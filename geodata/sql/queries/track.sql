-- Fixes of one thing over start < time <= end: time, lon, lat (EPSG:4326), sog_kn, cog_deg, received_at.
select p.time, p.lon_e7 / 1e7::float8 as lon, p.lat_e7 / 1e7::float8 as lat, p.sog_kn, p.cog_deg, p.received_at
from position as p
where p.thing_id = (select thing_id from thing where service_id = service_of(%(service)s) and id = %(thing_id)s)
    and p.time > %(start)s and p.time <= %(end)s
    and (%(known_at)s::timestamptz is null or p.received_at <= %(known_at)s)
order by p.time
