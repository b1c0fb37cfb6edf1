-- Kinds whose newest version stands in the table and whose older ones stand in *_history.
create table service_request (
    service_id smallint not null references service,
    id text not null,
    source_id smallint not null references source,
    requested_datetime timestamptz not null,
    updated_datetime timestamptz not null,
    status text not null,
    is_open boolean not null,
    service_code text,
    service_name text,
    category text,
    title text,
    description text,
    status_notes text,
    agency text,
    address text,
    geom geometry(Geometry, 4326),
    expected_datetime timestamptz,
    closed_datetime timestamptz,
    urgency text,
    channel text,
    rating text,
    media_url text,
    duplicate_of text,
    source_status text,
    properties jsonb not null,
    received_at timestamptz not null,
    revision bigint not null default nextval('revision_seq'),
    primary key (service_id, id)
);
create index service_request_geom on service_request using gist (geom);
create index service_request_requested on service_request (service_id, requested_datetime);
create index service_request_open on service_request (service_id) where is_open;

create table service_request_history (
    like service_request,
    superseded_at timestamptz not null,
    primary key (service_id, id, revision)
);

create table identity.person (
    service_id smallint not null,
    id text not null,
    person jsonb not null,
    received_at timestamptz not null,
    primary key (service_id, id)
);

create table event (
    service_id smallint not null references service,
    id text not null,
    source_id smallint not null references source,
    time timestamptz not null,
    end_time timestamptz,
    category text,
    title text,
    description text,
    thing_id text,
    geom geometry(Geometry, 4326),
    place_confidence double precision,
    place_level text,
    severity smallint,
    status text,
    url text,
    properties jsonb not null,
    received_at timestamptz not null,
    revision bigint not null default nextval('revision_seq'),
    primary key (service_id, id)
);
create index event_geom on event using gist (geom);
create index event_time on event (service_id, time);

create table event_history (
    like event,
    superseded_at timestamptz not null,
    primary key (service_id, id, revision)
);

create table feature (
    service_id smallint not null references service,
    collection text not null,
    id text not null,
    valid_from timestamptz not null,  -- -infinity: since ever
    source_id smallint not null references source,
    geom geometry(Geometry, 4326) not null,
    name text,
    category text,
    valid_to timestamptz,
    approximate boolean not null,
    properties jsonb not null,
    received_at timestamptz not null,
    revision bigint not null default nextval('revision_seq'),
    primary key (service_id, collection, id, valid_from)
);
create index feature_geom on feature using gist (geom);
create index feature_collection on feature (collection);

create table feature_history (
    like feature,
    superseded_at timestamptz not null,
    primary key (service_id, collection, id, valid_from, revision)
);

create table coverage (
    service_id smallint not null references service,
    id text not null,
    source_id smallint not null references source,
    time timestamptz not null,
    href text not null,
    geom geometry(Geometry, 4326) not null,
    category text,
    media_type text not null,
    properties jsonb not null,
    received_at timestamptz not null,
    revision bigint not null default nextval('revision_seq'),
    primary key (service_id, id)
);
create index coverage_geom on coverage using gist (geom);
create index coverage_time on coverage (service_id, time);

create table coverage_history (
    like coverage,
    superseded_at timestamptz not null,
    primary key (service_id, id, revision)
);

-- Rows are never edited: an update or a cancellation is another row that names this one.
create table alert (
    alert_id bigint generated always as identity primary key,
    service_id smallint not null references service,
    source_id smallint not null references source,
    sender text not null,
    identifier text not null,
    sent timestamptz not null,
    status text not null,
    msg_type text not null,
    scope text not null,
    event text,
    category text[] not null,
    urgency text not null,
    severity text not null,
    certainty text not null,
    level smallint,
    effective timestamptz,
    onset timestamptz,
    expires timestamptz,
    headline text,
    description text,
    instruction text,
    sender_name text,
    web text,
    area_desc text,
    geom geometry(Geometry, 4326),
    properties jsonb not null,
    "references" jsonb not null,
    received_at timestamptz not null,
    unique (service_id, sender, identifier, sent)
);
create index alert_geom on alert using gist (geom);

create table alert_reference (
    alert_id bigint not null references alert,
    service_id smallint not null,
    sender text not null,
    identifier text not null,
    sent timestamptz not null
);
create index alert_reference_names on alert_reference (service_id, sender, identifier, sent);
