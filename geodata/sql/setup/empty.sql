-- Makes room for a restore: everything that the dump brings along.
drop schema if exists vonglau, identity cascade;
drop extension if exists postgis, unaccent, pg_trgm cascade;
