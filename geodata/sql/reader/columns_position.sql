-- One row of arrays: they cross in one piece, where COPY would cost a call a row.
select array_agg(p.thing_id), array_agg(p.lon_e7), array_agg(p.lat_e7), array_agg(coalesce(p.sog_kn, 'NaN')),
    array_agg(p.time), array_agg(p.received_at)
from position as p
where p.source_id = any (array(select source_id from source where service_id = service_of(%(service)s)))
    and p.time > %(start)s and p.time <= %(end)s
    and (%(known)s::timestamptz is null or p.received_at <= %(known)s)
    and p.lon_e7 between %(west_e7)s and %(east_e7)s and p.lat_e7 between %(south_e7)s and %(north_e7)s
