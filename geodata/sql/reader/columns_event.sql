-- Events that began inside the window, where they have a place.
select st_x(c.point) as lon, st_y(c.point) as lat, v.time, v.received_at,
    coalesce(array_position(%(categories)s::text[], v.category), 0)::smallint as category,
    (v.end_time is null or v.end_time > %(end)s) as open
from events_known(service_of(%(service)s), %(known)s) as v
cross join lateral (select st_pointonsurface(v.geom) as point) as c
where v.time > %(start)s and v.time <= %(end)s
    and v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
order by v.id
