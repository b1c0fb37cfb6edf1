-- Rows as they were known: the version in force at ``moment`` of what had arrived by ``known`` (null: by now).
-- One statement each and no settings, so that the planner sees through them.
create or replace function service_of(the_name text) returns smallint
language sql stable parallel safe as $$ select service_id from service where name = the_name $$;

-- Things seldom know when they changed: one whose versions are all younger than ``moment`` shows its oldest.
create or replace function things_at(the_service smallint, moment timestamptz, known timestamptz) returns setof thing
language sql stable parallel safe as $$
    select t.* from thing as t
    where t.service_id = the_service and t.revision is not null and (t.time is null or t.time <= moment)
        and (known is null or t.received_at <= known)
    union all
    select v.* from thing as t
    cross join lateral (
        select t.* where known is null or t.received_at <= known
        union all
        select h.thing_id, t.service_id, t.id, h.source_id, h.name, h.category, h.geom, h.agency, h.azimuth_deg,
            h.fov_deg, h.range_m, h.mast_height_m, h.time, h.properties, h.received_at, h.revision
        from thing_history as h
        where h.thing_id = t.thing_id and (known is null or h.received_at <= known)
    ) as v
    where t.service_id = the_service and t.revision is not null
        and not ((t.time is null or t.time <= moment) and (known is null or t.received_at <= known))
        and v.revision = (
            select c.revision from (
                select t.time, t.received_at, t.revision where known is null or t.received_at <= known
                union all
                select h.time, h.received_at, h.revision from thing_history as h
                where h.thing_id = t.thing_id and (known is null or h.received_at <= known)
            ) as c
            cross join lateral (select coalesce(c.time <= moment, true) as due) as d
            order by d.due desc,
                extract(epoch from coalesce(c.time, c.received_at)) * case when d.due then -1 else 1 end,
                c.revision desc
            limit 1
        )
$$;

-- The state of a case at ``moment``: its newest update until then, whatever arrived later.
create or replace function requests_at(the_service smallint, moment timestamptz, known timestamptz)
returns setof service_request
language sql stable parallel safe as $$
    select r.* from service_request as r
    where r.service_id = the_service and r.updated_datetime <= moment and (known is null or r.received_at <= known)
    union all
    select v.* from service_request as r
    cross join lateral (
        select h.service_id, h.id, h.source_id, h.requested_datetime, h.updated_datetime, h.status, h.is_open,
            h.service_code, h.service_name, h.category, h.title, h.description, h.status_notes, h.agency,
            h.address, h.geom, h.expected_datetime, h.closed_datetime, h.urgency, h.channel, h.rating,
            h.media_url, h.duplicate_of, h.source_status, h.properties, h.received_at, h.revision
        from service_request_history as h
        where h.service_id = r.service_id and h.id = r.id and h.updated_datetime <= moment
            and (known is null or h.received_at <= known)
        order by h.updated_datetime desc, h.received_at desc, h.revision desc limit 1
    ) as v
    where r.service_id = the_service
        and (r.updated_datetime > moment or (known is not null and r.received_at > known))
$$;

create or replace function events_known(the_service smallint, known timestamptz) returns setof event
language sql stable parallel safe as $$
    select e.* from event as e
    where e.service_id = the_service and (known is null or e.received_at <= known)
    union all
    select v.* from event as e
    cross join lateral (
        select h.service_id, h.id, h.source_id, h.time, h.end_time, h.category, h.title, h.description, h.thing_id,
            h.geom, h.place_confidence, h.place_level, h.severity, h.status, h.url, h.properties, h.received_at,
            h.revision
        from event_history as h
        where h.service_id = e.service_id and h.id = e.id and h.received_at <= known
        order by h.received_at desc, h.revision desc limit 1
    ) as v
    where e.service_id = the_service and known is not null and e.received_at > known
$$;

create or replace function coverages_known(the_service smallint, known timestamptz) returns setof coverage
language sql stable parallel safe as $$
    select e.* from coverage as e
    where e.service_id = the_service and (known is null or e.received_at <= known)
    union all
    select v.* from coverage as e
    cross join lateral (
        select h.service_id, h.id, h.source_id, h.time, h.href, h.geom, h.category, h.media_type, h.properties,
            h.received_at, h.revision
        from coverage_history as h
        where h.service_id = e.service_id and h.id = e.id and h.received_at <= known
        order by h.received_at desc, h.revision desc limit 1
    ) as v
    where e.service_id = the_service and known is not null and e.received_at > known
$$;

create or replace function features_known(the_service smallint, known timestamptz) returns setof feature
language sql stable parallel safe as $$
    select e.* from feature as e
    where e.service_id = the_service and (known is null or e.received_at <= known)
    union all
    select v.* from feature as e
    cross join lateral (
        select h.service_id, h.collection, h.id, h.valid_from, h.source_id, h.geom, h.name, h.category, h.valid_to,
            h.approximate, h.properties, h.received_at, h.revision
        from feature_history as h
        where h.service_id = e.service_id and h.collection = e.collection and h.id = e.id
            and h.valid_from = e.valid_from and h.received_at <= known
        order by h.received_at desc, h.revision desc limit 1
    ) as v
    where e.service_id = the_service and known is not null and e.received_at > known
$$;
