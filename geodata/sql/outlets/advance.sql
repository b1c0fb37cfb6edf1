update outlet_cursor set change_id = %(change_id)s, act_id = %(act_id)s
