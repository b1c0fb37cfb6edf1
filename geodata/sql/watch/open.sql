insert into finding (rule, rule_version, service, key, level, confidence, opened_at, noticed_at, updated_at, clear_since,
    unknown_since, unknown_cause, closed_at, close_noticed_at, close_reason, times_opened, simulated, geom, facts, rows,
    limits)
values (%(rule)s, %(rule_version)s, %(service)s, %(key)s, %(level)s, %(confidence)s, %(opened_at)s, %(noticed_at)s,
    %(updated_at)s, %(clear_since)s, %(unknown_since)s, %(unknown_cause)s, %(closed_at)s, %(close_noticed_at)s,
    %(close_reason)s, %(times_opened)s, %(simulated)s, st_setsrid(st_geomfromwkb(%(geometry)s::bytea), 4326),
    %(facts)s, %(rows)s, %(limits)s)
returning finding_id
