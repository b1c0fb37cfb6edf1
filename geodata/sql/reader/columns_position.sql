-- Rows of one width: NaN for null.
select p.thing_id, p.lon_e7, p.lat_e7, coalesce(p.sog_kn, 'NaN') as sog_kn, p.time, p.received_at
from position as p
where p.source_id = any (array(select source_id from source where service_id = service_of(%(service)s)))
    and p.time > %(start)s and p.time <= %(end)s
    and (%(known)s::timestamptz is null or p.received_at <= %(known)s)
    and p.lon_e7 between %(west_e7)s and %(east_e7)s and p.lat_e7 between %(south_e7)s and %(north_e7)s
