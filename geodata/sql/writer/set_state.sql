select case when set_state(%(source)s, %(up)s, %(error)s, now()) then bump(%(service)s) end
