-- After a merge of {stage}: minute of arrival, rows stored, duplicates, and which rows are in conflict.
select
    date_trunc('minute', received_at) as minute,
    count(*) filter (where outcome in ('n', 'u', 'l')) as stored,
    count(*) filter (where outcome = 'd') as duplicate,
    coalesce(array_agg(seq) filter (where outcome = 'c'), '{{}}') as conflicts
from {stage}
group by 1
