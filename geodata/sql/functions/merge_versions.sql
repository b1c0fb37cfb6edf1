-- Merges stage_KIND into KIND and KIND_history. ``identity`` names the columns of the identity; ``valid`` the record's
-- own order in time (null: the order of arrival alone). Every staged row gets an outcome:
--   n  new identity             u  supersedes the current version, which goes into the history
--   l  late: older than the current version, kept in the history alone
--   d  duplicate: changes nothing against the version in force at its time, or was stored before as it is: with the
--      same times, or as one of several versions of one batch (a payload that tells a whole life, replayed)
-- Rows of one identity are merged one after another, rows of different identities together.
create or replace function merge_versions(kind text, identity text[], valid text) returns void
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    stage text := 'pg_temp.stage_' || kind;
    bookkeeping text[] := array['seq', 'turn', 'outcome'];
    columns text[];
    content text[];
    cols text;
    same_identity text;
    same_content text;
    order_of text;
    round int;
begin
    select array_agg(quote_ident(attname) order by attnum) into columns
    from pg_attribute
    where attrelid = stage::regclass and attnum > 0 and not attisdropped and attname <> all (bookkeeping);
    content := array(select c from unnest(columns) as c where c <> all (identity || array['received_at', 'source_id']));
    cols := array_to_string(columns, ', ');
    -- o: the older version, r: the staged row
    same_identity := (select string_agg(format('o.%1$s = r.%1$s', c), ' and ') from unnest(identity) as c);
    same_content := format(
        'row(%s) is not distinct from row(%s)',
        (select string_agg('o.' || c, ', ') from unnest(content) as c),
        (select string_agg('r.' || c, ', ') from unnest(content) as c)
    );
    order_of := case when valid is null then 'row(X.received_at)' else format('row(X.%s, X.received_at)', valid) end;

    execute format(
        'update %1$s as r set turn = o.nth from (
            select seq, row_number() over (partition by %2$s order by %3$s received_at, seq) as nth from %1$s
        ) as o where o.seq = r.seq and o.nth > 1',
        stage, array_to_string(identity, ', '), coalesce(valid || ', ', '')
    );
    execute format(
        'update %1$s as r set outcome = ''d'' from %1$s as o where r.turn > 1 and o.turn = r.turn - 1 and %2$s and %3$s',
        stage, same_identity, same_content
    );
    for round in execute format('select distinct turn from %s where outcome is null order by turn', stage) loop
        execute format(
            'update %1$s as s set outcome = case
                when o.revision is null then ''n''
                when %4$s <= %5$s and %3$s then ''d''
                when exists (
                    select from %2$s_history as o
                    where %6$s and (%4$s = %5$s or o.superseded_at = o.received_at) and %3$s
                ) then ''d''
                when %4$s <= %5$s then ''u''
                when (
                    select %3$s from %2$s_history as o where %6$s and %4$s <= %5$s
                    order by %4$s desc, o.revision desc limit 1
                ) then ''d''
                else ''l'' end
            from %1$s as r left join %2$s as o on %6$s
            where r.seq = s.seq and r.turn = %7$s and r.outcome is null',
            stage, kind, same_content, replace(order_of, 'X', 'o'), replace(order_of, 'X', 'r'), same_identity, round
        );
        execute format(
            'insert into %2$s (%3$s) select %3$s from %1$s where turn = %4$s and outcome = ''n''',
            stage, kind, cols, round
        );
        execute format(
            'insert into %2$s_history (%3$s, revision, superseded_at)
            select %4$s, o.revision, r.received_at from %1$s as r join %2$s as o on %5$s
            where r.turn = %6$s and r.outcome = ''u''',
            stage, kind, cols, (select string_agg('o.' || c, ', ') from unnest(columns) as c), same_identity, round
        );
        execute format(
            'update %2$s as o set %3$s, revision = nextval(''revision_seq'') from %1$s as r
            where %4$s and r.turn = %5$s and r.outcome = ''u''',
            stage, kind,
            (select string_agg(format('%1$s = r.%1$s', c), ', ') from unnest(columns) as c where c <> all (identity)),
            same_identity, round
        );
        execute format(
            'insert into %2$s_history (%3$s, revision, superseded_at)
            select %3$s, nextval(''revision_seq''), received_at from %1$s where turn = %4$s and outcome = ''l''',
            stage, kind, cols, round
        );
    end loop;
end
$$;
