-- When a watch looked: one row a stretch, from its first look to its last; a longer pause begins another (watch_pause).
create table watch_look (
    look_id bigint generated always as identity primary key,
    began timestamptz not null,
    ended timestamptz not null, -- by the watch's clock, as the findings
    told timestamptz not null default now(), -- by ours, when the last look was told
    check (ended >= began)
);
