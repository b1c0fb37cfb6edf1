-- Where a batch lies before it is merged; one set for each connection.
set session temp_buffers = '32MB';
create temporary table stage_position (
    seq int not null,
    thing_id int not null,
    time timestamptz not null,
    received_at timestamptz not null,
    lon_e7 int not null,
    lat_e7 int not null,
    sog_kn real,
    cog_deg real,
    heading_deg real,
    source_id smallint not null,
    status smallint
) on commit delete rows;

create temporary table stage_observation (
    seq int, turn int not null default 1, outcome text,
    thing_id int, property_id smallint, phenomenon_time timestamptz, source_id smallint, phenomenon_end timestamptz,
    received_at timestamptz, result double precision, result_text text, quality text, numerator double precision,
    denominator double precision
) on commit delete rows;

create temporary table stage_thing (
    seq int primary key, turn int not null default 1, outcome text,
    thing_id int, source_id smallint, name text, category text, geom geometry(Geometry, 4326), agency text,
    azimuth_deg double precision, fov_deg double precision, range_m double precision, mast_height_m double precision,
    time timestamptz, properties jsonb, received_at timestamptz
) on commit delete rows;

create temporary table stage_service_request (
    seq int, turn int not null default 1, outcome text, like vonglau.service_request
) on commit delete rows;
alter table stage_service_request drop column revision;

create temporary table stage_event (
    seq int, turn int not null default 1, outcome text, like vonglau.event
) on commit delete rows;
alter table stage_event drop column revision;

create temporary table stage_feature (
    seq int, turn int not null default 1, outcome text, like vonglau.feature
) on commit delete rows;
alter table stage_feature drop column revision;

create temporary table stage_coverage (
    seq int, turn int not null default 1, outcome text, like vonglau.coverage
) on commit delete rows;
alter table stage_coverage drop column revision;

create temporary table stage_alert (
    seq int, turn int not null default 1, outcome text, like vonglau.alert
) on commit delete rows;
alter table stage_alert drop column alert_id;
