-- Cases requested inside the window, in their state at its end, where they have a place.
select array_agg(st_x(c.point) order by v.id), array_agg(st_y(c.point) order by v.id),
    array_agg(v.requested_datetime order by v.id), array_agg(v.received_at order by v.id),
    array_agg(coalesce(array_position(%(categories)s::text[], v.category), 0)::smallint order by v.id),
    array_agg(v.is_open order by v.id)
from requests_at(service_of(%(service)s), %(end)s, %(known)s) as v
cross join lateral (select st_pointonsurface(v.geom) as point) as c
where v.requested_datetime > %(start)s and v.requested_datetime <= %(end)s
    and v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
