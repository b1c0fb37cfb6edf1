-- Whether a watch of this city has its turn now: it holds the lock of geodata/sql/watch/turn.sql.
select exists (
    select 1 from pg_locks
    where locktype = 'advisory' and granted and objsubid = 1 and classid = 0 and objid = x'76776368'::int
        and database = (select oid from pg_database where datname = current_database())
) as watching
