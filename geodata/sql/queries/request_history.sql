-- Every change of status, agency or due time of one case: time, status, source_status, agency, expected_datetime,
-- received_at.
select time, status, source_status, agency, expected_datetime, received_at
from (
    select x.updated_datetime as time, x.status, x.source_status, x.agency, x.expected_datetime, x.received_at,
        x.revision,
        row(x.status, x.source_status, x.agency, x.expected_datetime) is not distinct from row(
            lag(x.status) over life, lag(x.source_status) over life, lag(x.agency) over life,
            lag(x.expected_datetime) over life) as unchanged
    from (
        select r.*, null::timestamptz as superseded_at from service_request as r
        union all
        select r.* from service_request_history as r
    ) as x
    where x.service_id = service_of(%(service)s) and x.id = %(id)s
        and (%(known_at)s::timestamptz is null or x.received_at <= %(known_at)s)
    window life as (order by x.updated_datetime, x.received_at, x.revision)
) as changes
where not unchanged
order by time, received_at, revision
