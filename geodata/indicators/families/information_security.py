"""Systems of agencies: reached or not, certificates, grave alerts. No address is ever told."""

from __future__ import annotations

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import site
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules import information_security as rules

SERVICE = "information_security"
CERTIFICATES = {"certificate_bad", "certificate_near"}


@indicator
def grave_alerts(frames: Frames) -> Figure:
    """Open alerts that the watch tells one by one, by the same rule."""
    found = rules.open_alerts(frames, None)
    if found.empty:
        return measure.figure(found, 0)
    rows, left = measure.parted(found)
    told = zip(rows["severity"], rows["category"], strict=True)
    level = [site.LEVELS[site.alert(things.number(s), things.text(c))] for s, c in told]
    own = [one if kind not in rules.TOLD_ELSEWHERE else 0 for one, kind in zip(level, rows["category"], strict=True)]
    grave = [one >= rules.GRAVE for one in own]
    return measure.count(rows, grave, left, max(own) if any(grave) else None)


@indicator
def down(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    watched = found.only(found.words("up").notna(), "no_value")
    return watched.count(watched.words("up") == "down")


@indicator
def certificates(frames: Frames) -> Figure:
    """Level 2 with one that is over or not valid, 1 while they only end soon: as the watch tells it."""
    found = measure.now(frames, SERVICE)
    told = [site.probed(found.results.get(str(key), {})) & CERTIFICATES for key in found.rows.index]
    bad = any("certificate_bad" in one for one in told)
    return found.count([bool(one) for one in told], rules.LEVEL_BAD if bad else 1)


@indicator
def systems(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def reached(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    watched = found.only(found.words("up").isin(["up", "down"]), "no_value")
    return watched.share(watched.words("up") == "up")
