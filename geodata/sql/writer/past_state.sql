-- A word of a feed's past, from its recording: into the history, as if it had been said then.
insert into source_state (source_id, time, up, error) values (%(source)s, %(time)s, %(up)s, %(error)s)
on conflict (source_id, time) do nothing
