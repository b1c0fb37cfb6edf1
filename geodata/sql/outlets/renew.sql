-- Open findings whose last word to this outlet was taken before then, and was not of their end.
insert into delivery (outlet, finding_id, news, created_at, next_try)
select %(outlet)s, last.finding_id, 'renewed', %(at)s, %(at)s
from (
    select distinct on (finding_id) finding_id, news, state, created_at from delivery
    where outlet = %(outlet)s and finding_id is not null
    order by finding_id, delivery_id desc
) as last
join finding as f using (finding_id)
where f.closed_at is null and last.state = 'delivered' and last.news <> 'closed' and last.created_at < %(before)s
