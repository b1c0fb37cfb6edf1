-- Adds two objects of counts key by key.
create or replace function add_counts(one jsonb, other jsonb) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(jsonb_object_agg(key, total), '{}')
    from (
        select key, sum(value::bigint) as total
        from (select * from jsonb_each_text(one) union all select * from jsonb_each_text(other)) as both_of_them
        group by key
    ) as sums
$$;
