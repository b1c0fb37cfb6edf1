"""Systems not reached, by their line; certificates; pages changed; grave alerts. No address is ever told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.records import Event, Thing
from geodata.rules import parents, site, upstream
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "information_security"

ENDED = frozenset({"resolved", "closed", "ended"})
OPEN_FOR = timedelta(days=30)
GRAVE = 3
LEVEL_BAD = 2
NAMELESS = things.both("cảnh báo không có tên", "alert without a name")
TOLD_ELSEWHERE = frozenset({site.OUTAGE, "certificate"})
"""Categories of alerts whose conditions the other two rules tell."""


@rule(SERVICE)
def sites_down(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Systems that are not reached: those of one failed line together, the others together; parent before child."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    alerts = open_alerts(frames, site.OUTAGE)
    mute = set(alerts.loc[alerts["feed"] == "down", "thing_id"].dropna())
    alerts = alerts[alerts["feed"] != "down"]
    down = {key for key, own in told.items() if own.get("up") == "down"}
    lost_feed = set(found.index[found["state"] == "unknown"]) if len(found) else set()
    down = {key for key in {*down, *alerts["thing_id"].dropna()} if key not in lost_feed}
    if lost_feed or mute:  # what is told of the same key below wins
        yield from (Unknown(key) for key in frames.opened("information_security.sites_down"))
    if not down:
        return
    above = _parents(frames, alerts)
    failed = upstream.outage(above, down, {p for p in above.values() if p in down})
    began = alerts.groupby("thing_id")["time"].min()
    for cause, keys in _causes(down, failed.because, set(failed.failed)).items():
        start = began[began.index.isin(list(keys))]
        since = start.min() if len(start) else pd.Timestamp(frames.at)
        if len(start) and (pd.Timestamp(frames.at) - since).total_seconds() < site.DWELL_S:
            continue
        yield _down(frames, cause, keys, things.began(frames, "information_security.sites_down", cause, since))


@rule(SERVICE)
def certificates(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Certificates that have ended, are not valid, or end within days: together."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    kept, bad = {}, False
    for key, own in told.items():
        conditions = site.probed(own) & {"certificate_bad", "certificate_near"}
        days = things.number(own.get("certificate_days"))
        if conditions and key in found.index and found.loc[key, "state"] in {"fresh", "late"}:
            kept[key] = days
            bad |= "certificate_bad" in conditions
    if not kept:
        return
    ending = found.loc[sorted(kept)]
    left = [days for days in kept.values() if days is not None and days >= 0]
    over = sum(days is not None and days < 0 for days in kept.values())
    since = things.began(frames, "information_security.certificates", SERVICE, ending["time"].max())
    facts = {
        "n": len(ending),
        "over": over or None,
        "days": round(min(left)) if left else None,
        "names": _names(ending),
    }
    yield _masked(things.together(SERVICE, SERVICE, ending, since, facts, level=LEVEL_BAD if bad else None))


@rule(SERVICE)
def incidents(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Open alerts of a grave kind, each: a changed page, an attack, a domain that points elsewhere."""
    found = open_alerts(frames, None)
    for key, row in found.iterrows():
        condition = site.alert(things.number(row["severity"]), things.text(row["category"]))
        level = site.LEVELS[condition]
        if row["category"] in TOLD_ELSEWHERE or level < GRAVE:
            continue
        if row["feed"] == "down":
            yield Unknown(str(key))
            continue
        facts = {
            "name": site.masked(title) if (title := things.text(row["title"])) else NAMELESS,
            "condition": condition,
            "time": row["time"].isoformat(),
        }
        since = row["time"].to_pydatetime()
        yield _masked(things.together(SERVICE, str(key), found.loc[[key]], since, facts, level=level, kind="Event"))


def open_alerts(frames: Frames, category: str | None) -> Any:
    """The alerts that are not over."""
    found = frames.latest(SERVICE, Event, OPEN_FOR)
    if found.empty:
        none: dict[str, list[Any]] = {"thing_id": [], "properties": [], "feed": []}
        return pd.DataFrame(none).assign(time=pd.Series(dtype="datetime64[us, UTC]"))
    over = (found["end_time"] <= pd.Timestamp(frames.at)) | found["status"].isin(ENDED)
    return found[~over & ((found["category"] == category) if category else True)]


def _parents(frames: Frames, alerts: Any) -> dict[str, str]:
    """By the systems' own properties, and by what an alert names."""
    stands = frames.latest(SERVICE, Thing)
    told = dict(zip(stands.index.astype(str), stands["properties"], strict=True)) if len(stands) else {}
    for key, more in zip(alerts["thing_id"], alerts["properties"], strict=True):
        if key is not None and things.more(more).get("parent") is not None:
            told[str(key)] = {**things.more(told.get(str(key))), "parent": things.more(more)["parent"]}
    return parents.parents(told.items())


def _causes(down: set[str], because: Any, failed: set[str]) -> dict[str, set[str]]:
    """Lost systems by the line they were lost with, the line among them; the rest under one key."""
    found: dict[str, set[str]] = {}
    for key in down:
        cause = because.get(key) or (key if key in failed else SERVICE)
        found.setdefault(cause, set()).add(key)
    return found


def _down(frames: Frames, cause: str, keys: set[str], since: Any) -> Fires:
    stands = frames.latest(SERVICE, Thing)
    own = stands[stands.index.isin(list(keys))] if len(stands) else stands
    line = things.text(stands.loc[cause, "name"]) if cause in stands.index else None
    facts = {"n": len(keys), "line": site.masked(line) if line else None, "names": _names(own) if len(own) else []}
    level = GRAVE if cause != SERVICE or len(keys) >= upstream.WIDE else None
    if own.empty:
        return Fires(key=cause, since=since, level=level, facts=facts)
    return _masked(things.together(SERVICE, cause, own, since, facts, level=level))


def _names(own: Any) -> list[str]:
    return [site.masked(name) for name in things.names(own)]


def _masked(sign: Fires) -> Fires:
    """Without the rows whose ids tell an address."""
    kept = [row for row in sign.rows if not site.tells_address(row.id)]
    return Fires(
        key=sign.key, since=sign.since, level=sign.level, geometry=sign.geometry, facts=sign.facts, rows=kept,
        simulated=sign.simulated,
    )  # fmt: skip
