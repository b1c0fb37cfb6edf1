-- Features of a collection that cover a point at a time: id, name, properties; the smallest first.
select f.id, f.name, f.properties
from feature as f
where f.collection = %(collection)s
    and f.valid_from <= coalesce(%(time)s::timestamptz, now())
    and (f.valid_to is null or f.valid_to > coalesce(%(time)s::timestamptz, now()))
    and (%(known_at)s::timestamptz is null or f.received_at <= %(known_at)s)
    and st_intersects(f.geom, st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4326))
order by st_area(f.geom), f.id
