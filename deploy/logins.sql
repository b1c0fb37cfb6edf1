-- One login for each process, with the rights of its role and no others; run by whoever migrated, in psql:
--   psql -d vonglau_hue -f deploy/logins.sql
-- then a password for each:  \password vonglau_at_ingest  …
-- Roles are of the server: cities on one server that must not see each other need logins, and CONNECT rights, of their own.
create role vonglau_at_ingest login in role vonglau_ingest;
create role vonglau_at_watch login in role vonglau_watch;
create role vonglau_at_notify login in role vonglau_notify;
create role vonglau_at_serve login in role vonglau_read, vonglau_desk;
create role vonglau_at_keep login in role vonglau_owner;
