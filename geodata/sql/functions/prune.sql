-- Deletes a service's records older than ``before`` (owner only); the number of rows.
create or replace function prune(the_service smallint, before timestamptz) returns bigint
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    sources smallint[] := (select array_agg(source_id) from source where service_id = the_service);
    n bigint;
    total bigint := 0;
begin
    delete from position where time < before and source_id = any (sources);
    get diagnostics n = row_count; total := total + n;
    delete from position_latest where time < before and source_id = any (sources);
    delete from observation where phenomenon_time < before and source_id = any (sources);
    get diagnostics n = row_count; total := total + n;
    delete from observation_history where phenomenon_time < before and source_id = any (sources);
    delete from observation_latest where phenomenon_time < before and source_id = any (sources);
    delete from identity.person as p using service_request as r
    where r.service_id = the_service and p.service_id = the_service and p.id = r.id
        and not r.is_open and r.updated_datetime < before;
    delete from service_request_history where service_id = the_service and updated_datetime < before;
    delete from service_request where service_id = the_service and not is_open and updated_datetime < before;
    get diagnostics n = row_count; total := total + n;
    delete from event_history where service_id = the_service and time < before;
    delete from event where service_id = the_service and coalesce(end_time, time) < before;
    get diagnostics n = row_count; total := total + n;
    delete from coverage_history where service_id = the_service and time < before;
    delete from coverage where service_id = the_service and time < before;
    get diagnostics n = row_count; total := total + n;
    return total;
end
$$;

-- Rejected payloads are for looking at: thirty days are enough. The ledger keeps their number.
create or replace function prune_rejections(before timestamptz) returns bigint
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    n bigint;
begin
    delete from identity.rejection_payload as p using rejection as r
    where p.rejection_id = r.rejection_id and r.received_at < before;
    delete from rejection where received_at < before;
    get diagnostics n = row_count;
    return n;
end
$$;
