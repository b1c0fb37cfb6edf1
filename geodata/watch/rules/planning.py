"""Grave open violations of construction and land, by kind; inside a monument zone they are graver."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pandas as pd
import shapely

from geodata.records import Event, Feature
from geodata.rules import incident, project
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "planning"
FOUND_WITHIN = timedelta(days=365)
PROTECTED = "heritage_zone"


@rule(SERVICE)
def violations(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Open violations of the highest level, those of one kind together."""
    found = frames.latest(SERVICE, Event, FOUND_WITHIN)
    if found.empty:
        return
    closed = incident.courses(found, frames.at) != "open"
    rows = zip(found["severity"], closed, protected(frames, found), strict=True)
    levels = [project.violation(things.number(s), closed=bool(c), protected=bool(p)) for s, c, p in rows]
    level = pd.Series(levels, found.index, dtype=int)
    own = found[(level >= limits["least_level"]) & (found["feed"] != "down")]
    for kind, group in own.groupby(own["category"].fillna("other")):
        since = things.began(frames, "planning.violations", str(kind), group["time"].min())
        facts = {"category": things.category(frames, SERVICE, str(kind)), "n": len(group)}
        yield things.together(
            SERVICE, str(kind), group, since, facts, level=int(level[group.index].max()), kind="Event"
        )


def protected(frames: Frames, found: pd.DataFrame) -> np.ndarray:
    """Which lie in a protected monument zone."""
    zones = frames.latest(SERVICE, Feature)
    inside = np.zeros(len(found), dtype=bool)
    if zones.empty:
        return inside
    places = found["geometry"].to_numpy()
    known = ~(shapely.is_missing(places) | shapely.is_empty(places))
    for zone in zones.geometry[zones["category"] == PROTECTED]:
        inside |= known & shapely.intersects(zone, places)
    return inside
