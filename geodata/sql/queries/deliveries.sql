-- What was sent out about one finding, and what became of it, oldest first. ``digest``: as one line of a digest.
select outlet, news, state, created_at, delivered_at, ended_at, tries, next_try, last_error, key::text as key,
    digest_id is not null as digest
from delivery
where finding_id = %(id)s
order by delivery_id
