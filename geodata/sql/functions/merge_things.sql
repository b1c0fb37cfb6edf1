-- What a Thing is once a fragment (its fields may be null) is laid over it. Times are left to the caller.
create or replace function overlaid(base thing, over thing) returns thing
language sql immutable parallel safe as $$
    select row(
        base.thing_id, base.service_id, base.id, coalesce(over.source_id, base.source_id),
        coalesce(over.name, base.name), coalesce(over.category, base.category), coalesce(over.geom, base.geom),
        coalesce(over.agency, base.agency), coalesce(over.azimuth_deg, base.azimuth_deg),
        coalesce(over.fov_deg, base.fov_deg), coalesce(over.range_m, base.range_m),
        coalesce(over.mast_height_m, base.mast_height_m), coalesce(over.time, base.time),
        coalesce(base.properties, '{}') || coalesce(over.properties, '{}'),
        over.received_at, base.revision
    )::thing
$$;

create or replace function same_thing(one thing, other thing) returns boolean
language sql immutable parallel safe as $$
    select row(one.name, one.category, one.geom, one.agency, one.azimuth_deg, one.fov_deg, one.range_m,
            one.mast_height_m, one.properties)
        is not distinct from row(other.name, other.category, other.geom, other.agency, other.azimuth_deg,
            other.fov_deg, other.range_m, other.mast_height_m, other.properties)
$$;

create or replace function keep_thing(old thing, until timestamptz) returns void
language sql set search_path = vonglau, public, pg_temp as $$
    insert into thing_history (thing_id, source_id, name, category, geom, agency, azimuth_deg, fov_deg, range_m,
        mast_height_m, time, properties, received_at, revision, superseded_at)
    values (old.thing_id, old.source_id, old.name, old.category, old.geom, old.agency, old.azimuth_deg, old.fov_deg,
        old.range_m, old.mast_height_m, old.time, old.properties, old.received_at, old.revision, until)
$$;

create or replace function set_thing(new thing) returns void
language sql set search_path = vonglau, public, pg_temp as $$
    update thing set source_id = new.source_id, name = new.name, category = new.category, geom = new.geom,
        agency = new.agency, azimuth_deg = new.azimuth_deg, fov_deg = new.fov_deg, range_m = new.range_m,
        mast_height_m = new.mast_height_m, time = new.time, properties = new.properties,
        received_at = new.received_at, revision = nextval('revision_seq')
    where thing_id = new.thing_id
$$;

-- The version of a Thing in force at ``moment`` among the superseded ones, else an empty one.
create or replace function past_thing(now_is thing, moment timestamptz) returns thing
language sql stable set search_path = vonglau, public, pg_temp as $$
    select row(now_is.thing_id, now_is.service_id, now_is.id, h.source_id, h.name, h.category, h.geom, h.agency,
        h.azimuth_deg, h.fov_deg, h.range_m, h.mast_height_m, h.time, coalesce(h.properties, '{}'), h.received_at,
        h.revision)::thing
    from (select) as one
    left join lateral (
        select * from thing_history as x
        where x.thing_id = now_is.thing_id and coalesce(x.time, x.received_at) <= moment
        order by coalesce(x.time, x.received_at) desc, x.revision desc limit 1
    ) as h on true
$$;

-- Merges stage_thing into thing, row by row in the order of arrival: registers are small and change rarely. Outcomes
-- as in merge_versions; a late fragment also fills gaps of the current version, but changes none of its values.
create or replace function merge_things() returns void
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    staged record;
    fragment thing;
    now_is thing;
    then_was thing;
    merged thing;
    moment timestamptz;
    result text;
begin
    for staged in select * from pg_temp.stage_thing order by received_at, seq loop
        select * into now_is from thing where thing_id = staged.thing_id;
        fragment := row(now_is.thing_id, now_is.service_id, now_is.id, staged.source_id, staged.name, staged.category,
            staged.geom, staged.agency, staged.azimuth_deg, staged.fov_deg, staged.range_m, staged.mast_height_m,
            staged.time, staged.properties, staged.received_at, null)::thing;
        moment := coalesce(staged.time, staged.received_at);
        merged := overlaid(now_is, fragment);
        if now_is.revision is null then
            result := 'n';
            perform set_thing(merged);
        elsif coalesce(now_is.time, now_is.received_at) <= moment then
            then_was := past_thing(now_is, moment);
            if same_thing(now_is, merged) then
                result := 'd';
            elsif coalesce(then_was.time, then_was.received_at) = moment
                and same_thing(then_was, overlaid(then_was, fragment)) then
                result := 'd';
            else
                result := 'u';
                perform keep_thing(now_is, staged.received_at);
                perform set_thing(merged);
            end if;
        else
            then_was := past_thing(now_is, moment);
            merged := overlaid(then_was, fragment);
            if then_was.revision is not null and same_thing(then_was, merged) then
                result := 'd';
            else
                result := 'l';
                merged.revision := nextval('revision_seq');
                perform keep_thing(merged, staged.received_at);
                merged := overlaid(fragment, now_is);
                if not same_thing(now_is, merged) then
                    perform keep_thing(now_is, now_is.received_at);
                    perform set_thing(merged);
                end if;
            end if;
        end if;
        update pg_temp.stage_thing set outcome = result where seq = staged.seq;
    end loop;
end
$$;
