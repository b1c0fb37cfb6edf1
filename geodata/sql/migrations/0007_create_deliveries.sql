-- What is sent out about findings. How far the journals have been read: one line, made at the first start, so that
-- nothing older is ever sent.
create table outlet_cursor (
    one boolean primary key default true check (one),
    change_id bigint not null,
    act_id bigint not null,
    began_at timestamptz not null default now()
);

-- The outbox: a line of a journal for one outlet, or a digest that stands for several of them.
create table delivery (
    delivery_id bigint generated always as identity primary key,
    key uuid not null default gen_random_uuid(),
    outlet text not null,
    finding_id bigint references finding,
    change_id bigint references finding_change,
    act_id bigint references act,
    news text not null,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'given_up', 'superseded')),
    created_at timestamptz not null default now(),
    tries int not null default 0,
    next_try timestamptz not null default now(),
    delivered_at timestamptz,
    ended_at timestamptz,
    last_error text,
    digest_id bigint references delivery,
    check ((finding_id is null) = (news = 'digest')),
    check ((delivered_at is null) = (state <> 'delivered'))
);
create unique index delivery_of_change on delivery (outlet, change_id) where change_id is not null;
create unique index delivery_of_act on delivery (outlet, act_id) where act_id is not null;
create index delivery_waiting on delivery (outlet, delivery_id) where state = 'waiting';
create index delivery_of_finding on delivery (finding_id, outlet, delivery_id);
create index delivery_of_digest on delivery (digest_id) where digest_id is not null;
create index delivery_sent on delivery (outlet, delivered_at) where state = 'delivered';
