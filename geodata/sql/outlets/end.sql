-- The end of a delivery, and of those that a digest stands for.
update delivery set state = %(state)s, ended_at = %(at)s, last_error = coalesce(%(error)s, last_error),
    tries = tries + %(tried)s, delivered_at = case when %(state)s = 'delivered' then %(at)s::timestamptz end
where (delivery_id = any(%(ids)s) or digest_id = any(%(ids)s)) and state = 'waiting'
