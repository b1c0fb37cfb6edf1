-- Cases requested inside the window, in their state at its end, where they have a place.
select st_x(c.point) as lon, st_y(c.point) as lat, v.requested_datetime as time, v.received_at,
    coalesce(array_position(%(categories)s::text[], v.category), 0)::smallint as category, v.is_open as open
from requests_at(service_of(%(service)s), %(end)s, %(known)s) as v
cross join lateral (select st_pointonsurface(v.geom) as point) as c
where v.requested_datetime > %(start)s and v.requested_datetime <= %(end)s
    and v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
order by v.id
