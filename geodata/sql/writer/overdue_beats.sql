-- Sources said to be up whose last heart-beat is too long ago: we were away in between.
select s.source_id, s.service_id
from source as s join source_live as l using (source_id)
where s.name = any (%(names)s) and l.up and l.beat_at < now() - interval '60 s'
