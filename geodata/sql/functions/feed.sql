-- State of every source at ``moment``, of what was known at ``known``; ``clock`` tells a live view from a past one.
-- Down: the last recorded state says so or, live, a source that has ever been connected sent no heart-beat for 60 s.
create or replace function feed(moment timestamptz, known timestamptz, clock timestamptz)
returns table (source_id smallint, feed text, feed_since timestamptz)
language sql stable parallel safe as $$
    select s.source_id,
        case when coalesce(state.up, true) and not silent.silent then 'up' else 'down' end,
        case when coalesce(state.up, true) and silent.silent then live.beat_at else state.time end
    from source as s
    left join source_live as live using (source_id)
    left join lateral (
        select h.up, h.time from source_state as h
        where h.source_id = s.source_id and h.time <= least(moment, coalesce(known, moment))
        order by h.time desc limit 1
    ) as state on true
    cross join lateral (
        select least(moment, coalesce(known, moment)) >= clock - interval '60 s'
            and coalesce(state.up, live.beat_at is not null)
            and coalesce(live.beat_at, live.since) < clock - interval '60 s' as silent
    ) as raw
    cross join lateral (select coalesce(raw.silent, false) as silent) as silent
$$;
