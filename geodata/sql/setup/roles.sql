-- The seven roles of the store. Made once for a server, shared by the databases of all its cities.
do $$
declare
    name text;
begin
    foreach name in array array['vonglau_owner', 'vonglau_ingest', 'vonglau_read', 'vonglau_identity', 'vonglau_watch', 'vonglau_desk', 'vonglau_notify'] loop
        if not exists (select from pg_roles where rolname = name) then
            begin
                execute format('create role %I', name);
            exception
                when duplicate_object or unique_violation then null;  -- another city is migrated right now
            end;
        end if;
        -- who migrates acts for the roles; a superuser may do so anyway
        if not pg_has_role(current_user, name, 'member') then
            execute format('grant %I to current_user', name);
        end if;
    end loop;
    -- who may see personal data may see the rest
    if not pg_has_role('vonglau_identity', 'vonglau_read', 'member') then
        grant vonglau_read to vonglau_identity;
    end if;
    -- the watch, the desk and who sends out look at what everyone sees
    if not pg_has_role('vonglau_watch', 'vonglau_read', 'member') then
        grant vonglau_read to vonglau_watch;
    end if;
    if not pg_has_role('vonglau_desk', 'vonglau_read', 'member') then
        grant vonglau_read to vonglau_desk;
    end if;
    if not pg_has_role('vonglau_notify', 'vonglau_read', 'member') then
        grant vonglau_read to vonglau_notify;
    end if;
end
$$;
