update delivery set tries = tries + 1, next_try = %(next_try)s, last_error = %(error)s
where delivery_id = %(id)s and state = 'waiting'
