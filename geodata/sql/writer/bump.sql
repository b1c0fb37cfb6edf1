select bump(%(service)s)
