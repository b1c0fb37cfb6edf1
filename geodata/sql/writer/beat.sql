update source_live as l set beat_at = now()
from source as s
where s.source_id = l.source_id and s.name = any (%(names)s)
    and not coalesce(l.up and l.beat_at < now() - interval '60 s', false)
