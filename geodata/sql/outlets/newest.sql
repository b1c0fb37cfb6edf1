select d.delivery_id as id, d.key::text as key, d.outlet, d.news, d.state, d.created_at, d.delivered_at, d.tries,
    d.last_error, d.finding_id, f.rule, d.digest_id
from delivery as d left join finding as f using (finding_id)
order by d.delivery_id desc limit %(most)s
