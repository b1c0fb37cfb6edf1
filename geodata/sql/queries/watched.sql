-- Whether somebody looked at ``end``, as known at ``known_at``: began (the first line of the watch's journal by then),
-- looking (null where it is not written down), last_look. Of the present a watch must also have its turn: it holds the
-- lock of geodata/sql/watch/turn.sql. One that has it and does not look any more hangs.
with asked as (
    select least(%(end)s::timestamptz, coalesce(%(known_at)s::timestamptz, %(end)s::timestamptz)) as at,
        %(known_at)s::timestamptz is null and %(end)s::timestamptz > now() - interval '60 seconds' as live
), look as (
    select max(least(l.ended, a.at)) as last_look, max(l.told) as told, bool_or(l.ended >= a.at - watch_pause()) as near
    from watch_look as l join asked as a on l.began <= a.at
), turn as (
    select exists (
        select 1 from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1 and classid = 0 and objid = x'76776368'::int
            and database = (select oid from pg_database where datname = current_database())
    ) as held
)
select (select c.time from finding_change as c where c.time <= a.at order by c.change_id limit 1) as began,
    case when a.live then t.held and coalesce(l.told > now() - watch_pause(), true) else l.near end as looking,
    l.last_look
from asked as a cross join look as l cross join turn as t
