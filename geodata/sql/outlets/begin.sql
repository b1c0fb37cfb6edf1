-- At the first start everything is old.
insert into outlet_cursor (change_id, act_id)
select coalesce((select max(change_id) from finding_change), 0), coalesce((select max(act_id) from act), 0)
on conflict do nothing
