with before as (select clear_since from finding where finding_id = %(id)s)
update finding set rule_version = %(rule_version)s, level = %(level)s, confidence = %(confidence)s,
    opened_at = %(opened_at)s, noticed_at = %(noticed_at)s, updated_at = %(updated_at)s, clear_since = %(clear_since)s,
    unknown_since = %(unknown_since)s, unknown_cause = %(unknown_cause)s, closed_at = %(closed_at)s,
    close_noticed_at = %(close_noticed_at)s, close_reason = %(close_reason)s, times_opened = %(times_opened)s,
    simulated = %(simulated)s, geom = st_setsrid(st_geomfromwkb(%(geometry)s::bytea), 4326), facts = %(facts)s,
    rows = %(rows)s, limits = %(limits)s
where finding_id = %(id)s
returning (select clear_since from before) is distinct from clear_since
