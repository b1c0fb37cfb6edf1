-- Makes the monthly partition (UTC) of a table that holds ``moment``. Owner's rights: ingest may not create tables.
create or replace function ensure_partition(parent text, moment timestamptz) returns void
language plpgsql security definer set search_path = vonglau, public, pg_temp as $$
declare
    first timestamptz := date_trunc('month', moment, 'UTC');
    child text := format('%s_%s', parent, to_char(first at time zone 'UTC', 'YYYYMM'));
begin
    if parent not in ('position', 'observation') then
        raise exception 'no partitions for %', parent using errcode = 'invalid_parameter_value';
    end if;
    if to_regclass('vonglau.' || child) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext(child));
    if to_regclass('vonglau.' || child) is not null then
        return;
    end if;
    begin
        execute format(
            'create table vonglau.%I partition of vonglau.%I for values from (%L) to (%L)',
            child, parent, first, date_trunc('month', first + interval '32 days', 'UTC')
        );
    exception when duplicate_table or unique_violation then
        null; -- another source opened the month after our snapshot was taken: the lock cannot show us that
    end;
end
$$;
