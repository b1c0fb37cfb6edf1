-- Records a change of a feed's state; nothing when it is no change. A silence longer than 60 s before now is a
-- time when we were away ourselves: it goes into the history as down, from the last heart-beat on.
create or replace function set_state(the_source smallint, now_up boolean, reason text, clock timestamptz) returns boolean
language plpgsql set search_path = vonglau, public, pg_temp as $$
declare
    live source_live;
begin
    select * into live from source_live where source_id = the_source for update;
    if live.up and live.beat_at < clock - interval '60 s' then
        insert into source_state (source_id, time, up, error)
        values (the_source, live.beat_at + interval '1 microsecond', false, 'no heart-beat')
        on conflict do nothing;
        live.up := false;
        live.error := 'no heart-beat';
    end if;
    if live.up is not distinct from now_up and (now_up or live.error is not distinct from reason) then
        update source_live set beat_at = case when now_up then clock else beat_at end where source_id = the_source;
        return false;
    end if;
    insert into source_state (source_id, time, up, error) values (the_source, clock, now_up, reason)
    on conflict (source_id, time) do update set up = excluded.up, error = excluded.error;
    update source_live
    set up = now_up,
        error = case when now_up then null else reason end,
        since = case when live.up is distinct from now_up or live.since is null then clock else live.since end,
        beat_at = case when now_up then clock else beat_at end
    where source_id = the_source;
    return true;
end
$$;
