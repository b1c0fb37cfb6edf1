-- What this outlet was, or may have been, told of a finding before, oldest first.
select key::text as key, news, created_at, delivered_at from delivery
where outlet = %(outlet)s and finding_id = %(finding_id)s and delivery_id < %(id)s
    and (state = 'delivered' or tries > 0) and digest_id is null
order by delivery_id
