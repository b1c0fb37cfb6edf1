-- A look took place: its stretch goes on, or a new one begins.
with last as (
    update watch_look set ended = greatest(ended, %(at)s), told = now()
    where look_id = (select max(look_id) from watch_look)
        and %(at)s between began - watch_pause() and ended + watch_pause()
    returning look_id
)
insert into watch_look (began, ended)
select %(at)s, %(at)s where not exists (select from last)
