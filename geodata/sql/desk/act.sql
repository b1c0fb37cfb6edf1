insert into act (who, what, finding_id, detail) values (%(who)s, %(what)s, %(finding_id)s, %(detail)s)
returning act_id, time
