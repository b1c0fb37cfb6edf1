"""Planning: open violations by weight, permits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Event, Feature
from geodata.rules import incident, project
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules.planning import FOUND_WITHIN, SERVICE, protected

GRAVE = 3
DAYS_90 = timedelta(days=90)


def violations(frames: Frames, back: timedelta = FOUND_WITHIN) -> tuple[Any, dict[str, int]]:
    """Violations of feeds that are up, with ``grade`` 0 (settled) to 3 (``geodata.rules.project``)."""
    found = frames.latest(SERVICE, Event, back)
    if found.empty:
        return found, {}
    rows, left = measure.parted(found)
    closed = incident.courses(rows, frames.at) != "open"
    told = zip(rows["severity"], closed, protected(frames, rows), strict=True)
    grade = [project.violation(things.number(s), closed=bool(c), protected=bool(p)) for s, c, p in told]
    return rows.assign(grade=pd.Series(grade, rows.index, dtype=int)), left


@indicator
def violations_grave(frames: Frames) -> Figure:
    rows, left = violations(frames)
    return measure.count(rows, None if rows.empty else rows["grade"] >= GRAVE, left)


@indicator
def violations_open(frames: Frames) -> Figure:
    rows, left = violations(frames)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    going = rows["grade"] > 0
    return measure.count(rows, going, left, min(2, int(rows["grade"].max())) if going.any() else None)


@indicator
def settled(frames: Frames) -> Figure:
    """Of the violations found in the last 90 days."""
    rows, left = violations(frames)
    own = rows[rows["time"] > frames.at - DAYS_90] if len(rows) else rows
    good = int((own["grade"] == 0).sum()) if len(own) else 0
    return measure.share(own, good, len(own), left)


@indicator
def filed(frames: Frames) -> Figure:
    """Plans, projects and permits in force, each piece of a collection once."""
    found = frames.latest(SERVICE, Feature)
    rows, left = measure.parted(found)
    own = rows[~np.asarray(rows.index.duplicated(), bool)] if len(rows) else rows
    return measure.count(own, None, left)
