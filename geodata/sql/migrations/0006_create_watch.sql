-- What the watch found, what became of it, and what people did about it.
create table finding (
    finding_id bigint generated always as identity primary key,
    rule text not null,
    rule_version int not null,
    service text not null,
    key text not null,
    level smallint not null,
    confidence real,
    opened_at timestamptz not null,
    noticed_at timestamptz not null,
    updated_at timestamptz not null,
    clear_since timestamptz,
    unknown_since timestamptz,
    unknown_cause text,
    closed_at timestamptz,
    close_noticed_at timestamptz,
    close_reason text,
    times_opened int not null,
    simulated boolean not null,
    geom geometry(Geometry, 4326),
    facts jsonb not null,
    rows jsonb not null,
    limits jsonb not null,
    check ((closed_at is null) = (close_noticed_at is null))
);
create unique index finding_open on finding (rule, key) where closed_at is null;
create index finding_key on finding (rule, key, noticed_at);
create index finding_closed on finding (close_noticed_at);

-- Its life, appended only.
create table finding_change (
    change_id bigint generated always as identity primary key,
    finding_id bigint not null references finding,
    time timestamptz not null,
    what text not null,
    level smallint not null,
    detail jsonb not null
);
create index finding_change_of on finding_change (finding_id, time);

-- The desk's journal, appended only: nobody may change or delete a line. Without a finding: of the shift.
create table act (
    act_id bigint generated always as identity primary key,
    time timestamptz not null default now(),
    who text not null,
    what text not null,
    finding_id bigint references finding,
    detail jsonb not null default '{}'
);
create index act_of on act (finding_id, time);
create index act_time on act (time);
