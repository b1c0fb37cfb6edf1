-- Which staged fixes this transaction stored (the first of its identity, in a row that we made), which say what was
-- stored before, which contradict it. Rows that this transaction made carry its number.
with compared as (
    select s.seq, s.received_at,
        o.xmin = (select (pg_current_xact_id()::text::numeric % 4294967296)::text::xid)
            and s.seq = min(s.seq) over (partition by s.thing_id, s.time) as made,
        row(o.lon_e7, o.lat_e7, o.sog_kn, o.cog_deg, o.heading_deg, o.status)
            is not distinct from row(s.lon_e7, s.lat_e7, s.sog_kn, s.cog_deg,
                s.heading_deg, s.status) as same
    from pg_temp.stage_position as s
    join position as o on o.thing_id = s.thing_id and o.time = s.time
)
select
    date_trunc('minute', received_at) as minute,
    count(*) filter (where made) as stored,
    count(*) filter (where not made and same) as duplicate,
    coalesce(array_agg(seq) filter (where not made and not same), '{}') as conflicts
from compared
group by 1
