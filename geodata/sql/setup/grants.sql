-- The least that each role needs; re-applied with every migration.
grant usage on schema vonglau to vonglau_ingest, vonglau_read;
grant usage on schema identity to vonglau_identity;

grant select on all tables in schema vonglau to vonglau_ingest, vonglau_read;
grant select on all tables in schema identity to vonglau_identity;

grant insert on all tables in schema vonglau to vonglau_ingest;
revoke insert on migration, finding, finding_change, watch_look, act, outlet_cursor, delivery from vonglau_ingest;
grant usage on all sequences in schema vonglau to vonglau_ingest;
grant update on
    service, source, source_live, source_state, cursor, ledger, thing, property, position_latest, observation,
    observation_latest, service_request, event, feature, coverage
to vonglau_ingest;

revoke execute on all functions in schema vonglau, identity from public;
grant execute on all functions in schema vonglau to vonglau_ingest;
grant execute on function feed(timestamptz, timestamptz, timestamptz), service_of(text),
    things_at(smallint, timestamptz, timestamptz), requests_at(smallint, timestamptz, timestamptz),
    events_known(smallint, timestamptz), coverages_known(smallint, timestamptz), features_known(smallint, timestamptz),
    alert_root(smallint, text, text, timestamptz, timestamptz), watch_pause()
to vonglau_read;
grant usage on schema identity to vonglau_ingest;
grant execute on all functions in schema identity to vonglau_ingest;
revoke execute on function prune(smallint, timestamptz) from vonglau_ingest;
revoke execute on function prune_rejections(timestamptz) from vonglau_ingest;
grant usage on schema vonglau to vonglau_identity;

-- findings are the watch's, acts the desk's; a line of a journal is never changed
grant usage on schema vonglau to vonglau_watch, vonglau_desk;
grant insert, update on finding, watch_look to vonglau_watch;
grant insert on finding_change to vonglau_watch;
grant insert on act to vonglau_desk;
revoke execute on function bump_watch() from vonglau_ingest;
grant execute on function bump_watch() to vonglau_watch, vonglau_desk;

-- what is sent out is told of by who sends: which news, to whom and by which key never changes, nothing is deleted
grant usage on schema vonglau to vonglau_notify;
grant insert on outlet_cursor, delivery to vonglau_notify;
grant update (change_id, act_id) on outlet_cursor to vonglau_notify;
grant update (state, tries, next_try, delivered_at, ended_at, last_error, digest_id) on delivery to vonglau_notify;
grant execute on function bump_watch() to vonglau_notify;
