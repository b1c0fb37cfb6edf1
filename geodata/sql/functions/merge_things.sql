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

-- Merges stage_thing into thing in the order of arrival. A vessel or a probe says the same of itself again and again:
-- of fragments of one thing that follow each other, say the same and do not go back in time, only the first can change
-- anything, unless that one came late; the others are duplicates without a look. ``turn`` of these is the first one's seq.
create or replace function merge_things() returns void
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    leader record;
    follower record;
    result text;
begin
    with numbered as (
        select *, row_number() over (partition by thing_id order by received_at, seq) as nth from pg_temp.stage_thing
    ), led as (
        select n.seq, n.thing_id, n.nth, p.seq is null
            or coalesce(n.time, n.received_at) < coalesce(p.time, p.received_at)
            or row(n.source_id, n.name, n.category, n.geom, n.agency, n.azimuth_deg, n.fov_deg, n.range_m,
                n.mast_height_m, n.properties)
                is distinct from row(p.source_id, p.name, p.category, p.geom, p.agency, p.azimuth_deg, p.fov_deg,
                p.range_m, p.mast_height_m, p.properties) as leads
        from numbered as n left join numbered as p on p.thing_id = n.thing_id and p.nth = n.nth - 1
    ), runs as (
        select *, count(*) filter (where leads) over (partition by thing_id order by nth) as run from led
    ), followers as (
        select seq, first_value(seq) over (partition by thing_id, run order by nth) as leader, leads from runs
    )
    update pg_temp.stage_thing as s set outcome = 'd', turn = f.leader
    from followers as f where f.seq = s.seq and not f.leads;
    for leader in select seq, thing_id from pg_temp.stage_thing where outcome is null order by received_at, seq loop
        result := merge_thing(leader.seq);
        update pg_temp.stage_thing set outcome = replace(result, 'p', 'd') where seq = leader.seq;
        if result in ('l', 'p') then
            for follower in
                select seq from pg_temp.stage_thing
                where thing_id = leader.thing_id and turn = leader.seq and outcome = 'd' and seq <> leader.seq
                order by received_at, seq
            loop
                result := merge_thing(follower.seq);
                update pg_temp.stage_thing set outcome = replace(result, 'p', 'd') where seq = follower.seq;
            end loop;
        end if;
    end loop;
end
$$;
