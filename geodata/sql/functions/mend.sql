-- Says of kept payloads of one source that they were read again; the number of those that were not said before.
create or replace function mend(the_source smallint, ids bigint[]) returns bigint
language sql security definer set search_path = vonglau, pg_temp as $$
    with mended as (
        update rejection set mended_at = now()
        where source_id = the_source and rejection_id = any (ids) and mended_at is null
        returning 1
    )
    select count(*) from mended
$$;
