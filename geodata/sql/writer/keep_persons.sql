select identity.keep_person(%(service)s, p.id, p.person, p.received_at)
from unnest(%(ids)s::text[], %(persons)s::jsonb[], %(received)s::timestamptz[]) as p (id, person, received_at)
order by p.received_at
