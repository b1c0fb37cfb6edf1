insert into finding_change (finding_id, time, what, level, detail)
values (%(id)s, %(updated_at)s, %(what)s, %(level)s, %(detail)s)
