insert into delivery (outlet, news, created_at, next_try) values (%(outlet)s, 'digest', %(at)s, %(at)s)
returning delivery_id
