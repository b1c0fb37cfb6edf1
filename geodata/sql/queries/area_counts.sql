-- Inside an area (WKB, EPSG:4326), in equal buckets of start < time <= end: start (of the bucket), n.
-- n counts what is new for cases, alerts, events, images; and things that told something for positions and observations.
with span as (
    select %(start)s::timestamptz as origin, (%(end)s::timestamptz - %(start)s::timestamptz) / %(buckets)s::int as width,
        service_of(%(service)s) as service, st_setsrid(st_geomfromwkb(%(area)s::bytea), 4326) as area
), sources as (
    select array_agg(source_id) as ids from source where service_id = service_of(%(service)s)
), inside as (
    select t.thing_id from thing as t, span as s
    where t.service_id = s.service and t.geom && s.area and st_intersects(t.geom, s.area)
), moment as (
    select p.time, p.received_at, p.thing_id::text as key from position as p, sources, span as s
    where p.source_id = any (sources.ids) and p.time > %(start)s and p.time <= %(end)s
        and p.lon_e7 between st_xmin(s.area) * 1e7 and st_xmax(s.area) * 1e7
        and p.lat_e7 between st_ymin(s.area) * 1e7 and st_ymax(s.area) * 1e7
        and st_intersects(s.area, st_setsrid(st_makepoint(p.lon_e7 / 1e7, p.lat_e7 / 1e7), 4326))
    union all
    select o.phenomenon_time, o.received_at, o.thing_id::text from observation as o join inside using (thing_id)
    where o.phenomenon_time > %(start)s and o.phenomenon_time <= %(end)s
    union all
    select r.requested_datetime, r.received_at, r.id from service_request as r, span as s
    where r.service_id = s.service and r.requested_datetime > %(start)s and r.requested_datetime <= %(end)s
        and r.geom && s.area and st_intersects(r.geom, s.area)
    union all
    select v.sent, v.received_at, v.alert_id::text from alert as v, span as s
    where v.service_id = s.service and v.sent > %(start)s and v.sent <= %(end)s
        and v.geom && s.area and st_intersects(v.geom, s.area)
    union all
    select e.time, e.received_at, e.id from event as e, span as s
    where e.service_id = s.service and e.time > %(start)s and e.time <= %(end)s
        and e.geom && s.area and st_intersects(e.geom, s.area)
    union all
    select c.time, c.received_at, c.id from coverage as c, span as s
    where c.service_id = s.service and c.time > %(start)s and c.time <= %(end)s
        and c.geom && s.area and st_intersects(c.geom, s.area)
), counted as (
    select ceil(extract(epoch from (m.time - s.origin)) / extract(epoch from s.width))::int - 1 as bucket,
        count(distinct m.key) as n
    from moment as m, span as s
    where %(known_at)s::timestamptz is null or m.received_at <= %(known_at)s
    group by 1
)
select s.origin + b * s.width as start, coalesce(c.n, 0) as n
from span as s
cross join generate_series(0, %(buckets)s::int - 1) as b
left join counted as c on c.bucket = b
order by b
