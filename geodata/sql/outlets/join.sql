update delivery set digest_id = %(digest_id)s where delivery_id = any(%(ids)s) and state = 'waiting'
