-- Since when a watch has written down what it found, as known at ``end`` (and ``known_at``): began, null when it never had.
select (
    select time from finding_change
    where time <= least(%(end)s::timestamptz, coalesce(%(known_at)s::timestamptz, %(end)s::timestamptz))
    order by change_id limit 1
) as began
