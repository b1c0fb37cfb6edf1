-- Changes of a feed over start < time <= end, and the state it came with: time, up, error.
(
    select h.time, h.up, h.error from source_state as h join source as s using (source_id)
    where s.name = %(source)s and h.time <= %(start)s
        and (%(known_at)s::timestamptz is null or h.time <= %(known_at)s)
    order by h.time desc limit 1
)
union all
select h.time, h.up, h.error from source_state as h join source as s using (source_id)
where s.name = %(source)s and h.time > %(start)s and h.time <= %(end)s
    and (%(known_at)s::timestamptz is null or h.time <= %(known_at)s)
order by time
