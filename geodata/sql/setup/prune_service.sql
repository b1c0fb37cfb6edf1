select prune(service_id, %(before)s) from service where name = %(service)s
