-- What must stand before the first migration: extensions, schemas, the table of migrations.
create extension if not exists postgis schema public;
create extension if not exists unaccent schema public;
create extension if not exists pg_trgm schema public;
create schema if not exists vonglau authorization vonglau_owner;
create schema if not exists identity authorization vonglau_owner;
do $$
begin
    execute format('revoke create on schema public from public');
    execute format('grant temporary, connect on database %I to vonglau_ingest, vonglau_read, vonglau_identity, vonglau_watch, vonglau_desk, vonglau_notify, vonglau_owner', current_database());
end
$$;
create table if not exists vonglau.migration (
    number int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
);
alter table vonglau.migration owner to vonglau_owner;
