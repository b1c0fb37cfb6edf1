insert into delivery (outlet, finding_id, change_id, act_id, news, created_at, next_try)
values (%(outlet)s, %(finding_id)s, %(change_id)s, %(act_id)s, %(news)s, %(at)s, %(at)s)
