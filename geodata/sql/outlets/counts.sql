-- Each outlet that ever had anything to send.
select outlet, count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'delivered') as delivered,
    count(*) filter (where state = 'given_up') as given_up, count(*) filter (where state = 'superseded') as superseded,
    min(created_at) filter (where state = 'waiting') as oldest_waiting, max(delivered_at) as last_delivered,
    (array_agg(last_error order by delivery_id desc) filter (where state = 'waiting' and last_error is not null))[1]
        as error,
    (array_agg(last_error order by delivery_id desc) filter (where state = 'given_up'))[1] as given_up_because
from delivery where news <> 'digest'
group by outlet order by outlet
