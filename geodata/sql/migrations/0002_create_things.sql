-- Order of versions that carry the same times.
create sequence revision_seq;

create table thing (
    thing_id int generated always as identity primary key,
    service_id smallint not null references service,
    id text not null,
    source_id smallint references source,  -- null: known only from its positions or observations
    name text,
    category text,
    geom geometry(Geometry, 4326),
    agency text,
    azimuth_deg double precision,
    fov_deg double precision,
    range_m double precision,
    mast_height_m double precision,
    time timestamptz,
    properties jsonb not null default '{}',
    received_at timestamptz,
    revision bigint,
    unique (service_id, id)
);
create index thing_geom on thing using gist (geom);

create table thing_history (
    thing_id int not null references thing,
    source_id smallint,
    name text,
    category text,
    geom geometry(Geometry, 4326),
    agency text,
    azimuth_deg double precision,
    fov_deg double precision,
    range_m double precision,
    mast_height_m double precision,
    time timestamptz,
    properties jsonb not null,
    received_at timestamptz not null,
    revision bigint not null,
    superseded_at timestamptz not null,
    primary key (thing_id, revision)
);

create table property (
    property_id smallint generated always as identity primary key,
    service_id smallint not null references service,
    name text not null,
    unit text,
    unique (service_id, name)
);

-- A fix is narrow: surrogate ids, degrees × 10⁷ (1 cm), no geometry.
create table position (
    time timestamptz not null,
    received_at timestamptz not null,
    thing_id int not null,
    lon_e7 int not null,
    lat_e7 int not null,
    sog_kn real,
    cog_deg real,
    heading_deg real,
    source_id smallint not null,
    status smallint,
    primary key (thing_id, time)
) partition by range (time);
create index position_time on position using brin (time) with (pages_per_range = 32);

create table position_latest (
    thing_id int primary key references thing,
    time timestamptz not null,
    received_at timestamptz not null,
    lon_e7 int not null,
    lat_e7 int not null,
    sog_kn real,
    cog_deg real,
    heading_deg real,
    source_id smallint not null,
    status smallint,
    geom geometry(Point, 4326) generated always as (st_setsrid(st_makepoint(lon_e7 / 1e7, lat_e7 / 1e7), 4326)) stored
) with (fillfactor = 70);
create index position_latest_geom on position_latest using gist (geom);

create table observation (
    phenomenon_time timestamptz not null,
    phenomenon_end timestamptz,
    received_at timestamptz not null,
    result double precision,
    numerator double precision,
    denominator double precision,
    revision bigint not null default nextval('revision_seq'),
    thing_id int not null,
    property_id smallint not null,
    source_id smallint not null,
    quality text not null,
    result_text text,
    primary key (thing_id, property_id, phenomenon_time)
) partition by range (phenomenon_time);
create index observation_time on observation using brin (phenomenon_time) with (pages_per_range = 32);

create table observation_history (
    like observation,
    superseded_at timestamptz not null,
    primary key (thing_id, property_id, phenomenon_time, revision)
);

create table observation_latest (
    thing_id int not null references thing,
    property_id smallint not null references property,
    phenomenon_time timestamptz not null,
    phenomenon_end timestamptz,
    received_at timestamptz not null,
    result double precision,
    result_text text,
    quality text not null,
    numerator double precision,
    denominator double precision,
    source_id smallint not null,
    primary key (thing_id, property_id)
) with (fillfactor = 70);
