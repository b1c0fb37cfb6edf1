-- Events that began inside the window, where they have a place.
select array_agg(st_x(c.point) order by v.id), array_agg(st_y(c.point) order by v.id),
    array_agg(v.time order by v.id), array_agg(v.received_at order by v.id),
    array_agg(coalesce(array_position(%(categories)s::text[], v.category), 0)::smallint order by v.id),
    array_agg(v.end_time is null or v.end_time > %(end)s order by v.id)
from events_known(service_of(%(service)s), %(known)s) as v
cross join lateral (select st_pointonsurface(v.geom) as point) as c
where v.time > %(start)s and v.time <= %(end)s
    and v.geom && st_makeenvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
