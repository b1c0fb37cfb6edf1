select change_id, act_id from outlet_cursor for update
