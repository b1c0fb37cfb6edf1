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

-- Lays one staged fragment over its thing. Outcomes as in merge_versions, and p: a duplicate of what was in force once.
-- A late fragment (l, p) also fills gaps of the current version, but changes none of its values.
create or replace function merge_thing(the_seq int) returns text
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    staged record;
    fragment thing;
    now_is thing;
    then_was thing;
    merged thing;
    moment timestamptz;
begin
    select * into staged from pg_temp.stage_thing where seq = the_seq;
    select * into now_is from thing where thing_id = staged.thing_id;
    fragment := row(now_is.thing_id, now_is.service_id, now_is.id, staged.source_id, staged.name, staged.category,
        staged.geom, staged.agency, staged.azimuth_deg, staged.fov_deg, staged.range_m, staged.mast_height_m,
        staged.time, staged.properties, staged.received_at, null)::thing;
    moment := coalesce(staged.time, staged.received_at);
    merged := overlaid(now_is, fragment);
    if now_is.revision is null then
        perform set_thing(merged);
        return 'n';
    end if;
    if coalesce(now_is.time, now_is.received_at) <= moment then
        if same_thing(now_is, merged) then
            return 'd';
        end if;
        then_was := past_thing(now_is, moment);
        if coalesce(then_was.time, then_was.received_at) = moment
            and same_thing(then_was, overlaid(then_was, fragment)) then
            return 'p';
        end if;
        perform keep_thing(now_is, staged.received_at);
        perform set_thing(merged);
        return 'u';
    end if;
    then_was := past_thing(now_is, moment);
    merged := overlaid(then_was, fragment);
    if then_was.revision is not null and same_thing(then_was, merged) then
        return 'p';
    end if;
    merged.revision := nextval('revision_seq');
    perform keep_thing(merged, staged.received_at);
    merged := overlaid(fragment, now_is);
    if not same_thing(now_is, merged) then
        perform keep_thing(now_is, now_is.received_at);
        perform set_thing(merged);
    end if;
    return 'l';
end
$$;

-- Merges stage_thing into thing, of each thing in the order of arrival. A vessel or a probe says the same of itself again
-- and again, in one message or two by turns: what has changed nothing since the last change, and is not late, changes
-- nothing now, and is a duplicate without a look.
create or replace function merge_things() returns void
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    staged record;
    the_thing int;
    untouched boolean;
    settled text[] := '{}';
    reached timestamptz;
    again int[] := '{}';
    result text;
begin
    for staged in
        select s.seq, s.thing_id, coalesce(s.time, s.received_at) as moment,
            md5(row(s.name, s.category, s.geom, s.agency, s.azimuth_deg, s.fov_deg, s.range_m, s.mast_height_m,
                s.properties)::text) as said,
            t.revision is not null and coalesce(t.time, t.received_at) <= coalesce(s.time, s.received_at)
            and row(coalesce(s.name, t.name), coalesce(s.category, t.category), coalesce(s.geom, t.geom),
                coalesce(s.agency, t.agency), coalesce(s.azimuth_deg, t.azimuth_deg), coalesce(s.fov_deg, t.fov_deg),
                coalesce(s.range_m, t.range_m), coalesce(s.mast_height_m, t.mast_height_m),
                coalesce(t.properties, '{}') || coalesce(s.properties, '{}'))
            is not distinct from row(t.name, t.category, t.geom, t.agency, t.azimuth_deg, t.fov_deg, t.range_m,
                t.mast_height_m, t.properties) as fits
        from pg_temp.stage_thing as s join thing as t on t.thing_id = s.thing_id
        order by s.thing_id, s.received_at, s.seq
    loop
        if staged.thing_id is distinct from the_thing then
            the_thing := staged.thing_id;
            untouched := true;
            settled := '{}';
            reached := null;
        end if;
        if (untouched and staged.fits) or (staged.moment >= reached and staged.said = any (settled)) then
            again := again || staged.seq;
            continue;
        end if;
        result := merge_thing(staged.seq);
        update pg_temp.stage_thing set outcome = replace(result, 'p', 'd') where seq = staged.seq;
        untouched := untouched and result in ('d', 'p');
        if result in ('n', 'u') then
            settled := array[staged.said];
            reached := staged.moment;
        elsif result = 'd' then
            settled := settled || staged.said;
            reached := greatest(reached, staged.moment);
        else
            settled := '{}';
        end if;
    end loop;
    update pg_temp.stage_thing set outcome = 'd' where seq = any (again);
end
$$;
