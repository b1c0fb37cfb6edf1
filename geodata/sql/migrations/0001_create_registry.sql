-- Services, sources and what is known of each feed.
create table service (
    service_id smallint generated always as identity primary key,
    name text not null unique,
    version bigint not null default 0
);

create table source (
    source_id smallint generated always as identity primary key,
    name text not null unique,
    service_id smallint not null references service,
    protocol text not null,
    title_vi text not null,
    title_en text not null,
    operator text,
    owner text,
    project text,
    license text,
    attribution text,
    cadence_s double precision not null,
    late_factor double precision not null,
    simulated boolean not null,
    registered_at timestamptz not null default now()
);
create index source_service on source (service_id);

-- Totals since the source was first seen, and its present. Rewritten all the time, so apart from source.
create table source_live (
    source_id smallint primary key references source,
    up boolean,
    since timestamptz,
    error text,
    beat_at timestamptz,
    received_at timestamptz,
    received bigint not null default 0,
    stored bigint not null default 0,
    duplicate bigint not null default 0,
    rejected jsonb not null default '{}'
) with (fillfactor = 50);

create table source_state (
    source_id smallint not null references source,
    time timestamptz not null,
    up boolean not null,
    error text,
    primary key (source_id, time)
);

create table cursor (
    source_id smallint primary key references source,
    value jsonb not null,
    updated_at timestamptz not null default now()
);

create table ledger (
    source_id smallint not null references source,
    minute timestamptz not null,
    received bigint not null,
    stored bigint not null,
    duplicate bigint not null,
    rejected jsonb not null default '{}',
    primary key (source_id, minute)
);

create table rejection (
    rejection_id bigint generated always as identity primary key,
    source_id smallint not null references source,
    received_at timestamptz not null,
    reason text not null,
    detail text not null,
    payload bytea,
    digest uuid not null,
    unique (source_id, received_at, digest)
);

create table identity.rejection_payload (
    rejection_id bigint primary key,
    payload bytea not null
);
