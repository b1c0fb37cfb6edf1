select date_trunc('minute', received_at) as minute, count(*) as stored, 0 as duplicate, '{}'::int[] as conflicts
from pg_temp.stage_position
group by 1
