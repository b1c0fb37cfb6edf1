-- State of every source at ``moment``, of what was known at ``known``; ``clock`` tells a live view from a past one.
-- Down: the last recorded state says so or, live, a source that has ever been connected sent no heart-beat for 60 s.
-- ``feed_since``: the first word of the run that lasts; a second error of the same outage begins none.
-- ``feed_lost``, of a source that is up: when the loss began from which it came back at ``feed_since``. Losses with less
-- than the source's own time of a word between them are one: nothing had to be heard in between.
create or replace function feed(moment timestamptz, known timestamptz, clock timestamptz)
returns table (source_id smallint, feed text, feed_since timestamptz, feed_lost timestamptz)
language sql stable parallel safe rows 64
set search_path = vonglau, pg_temp -- also keeps it whole: merged into a statement it was asked again for each of its rows
as $$
    select s.source_id,
        case when coalesce(state.up, true) and not silent.silent then 'up' else 'down' end,
        case when coalesce(state.up, true) and silent.silent then live.beat_at else run.since end,
        case when state.up and not silent.silent then lost.time end
    from source as s
    left join source_live as live using (source_id)
    cross join lateral (select least(moment, coalesce(known, moment)) as at) as asked
    left join lateral (
        select h.up, h.time from source_state as h
        where h.source_id = s.source_id and h.time <= asked.at
        order by h.time desc limit 1
    ) as state on true
    left join lateral (
        select min(h.time) as since from source_state as h
        where h.source_id = s.source_id and h.time <= asked.at
            and h.time > coalesce((
                select max(o.time) from source_state as o
                where o.source_id = s.source_id and o.time <= asked.at and o.up <> state.up
            ), '-infinity')
    ) as run on state.up is not null
    left join lateral (
        select min(h.time) as time from source_state as h
        where h.source_id = s.source_id and not h.up and h.time < run.since
            and h.time > asked.at - interval '31 days' and h.time >= coalesce((
                select max(listened.ended) from (
                    select o.up, o.time, lead(o.time) over w as ended, lead(o.up) over w as next
                    from (
                        select h.up, h.time from source_state as h
                        where h.source_id = s.source_id and h.time <= asked.at and h.time > asked.at - interval '31 days'
                        order by h.time desc limit 200 -- of a feed that shakes all month
                    ) as o
                    window w as (order by o.time)
                ) as listened
                where listened.up and not listened.next
                    and listened.ended - listened.time >= s.cadence_s * s.late_factor * interval '1 second'
            ), '-infinity')
    ) as lost on state.up
    cross join lateral (
        select asked.at >= clock - interval '60 s'
            and coalesce(state.up, live.beat_at is not null)
            and coalesce(live.beat_at, live.since) < clock - interval '60 s' as silent
    ) as raw
    cross join lateral (select coalesce(raw.silent, false) as silent) as silent
$$;
