"""What the indicators of every service of incidents share: what goes on, how bad it is, what began in a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.records import Event
from geodata.rules import incident
from geodata.watch import things
from geodata.watch.frames import Frames

DAY = timedelta(hours=24)
OPEN_FOR = timedelta(days=30)
"""Longer ago somebody has forgotten to close it."""


def open_(frames: Frames, service: str, back: timedelta = OPEN_FOR) -> tuple[Any, dict[str, int]]:
    """The incidents that go on, of feeds that are up, with ``graded`` 0–4."""
    return things.once(frames, f"open {service} {back}", lambda: _open(frames, service, back))


def _open(frames: Frames, service: str, back: timedelta) -> tuple[Any, dict[str, int]]:
    rows = frames.latest(service, Event, back)
    if rows.empty:
        return rows, {}
    now = pd.Timestamp(frames.at)
    own, left = measure.parted(rows[(incident.courses(rows, now) == "open") & (rows["time"] <= now).to_numpy()])
    graded = [incident.level(things.number(s)) for s in own["severity"]]
    return own.assign(graded=pd.Series(graded, own.index, dtype=int)), left


def going(frames: Frames, service: str, least: int = 0, back: timedelta = OPEN_FOR) -> Figure:
    """How many go on of at least that level; the figure's level is that of the worst."""
    rows, left = open_(frames, service, back)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    bad = rows["graded"] >= least
    return measure.count(rows, bad, left, int(rows.loc[bad, "graded"].max()) if bad.any() and least else None)


def begun(frames: Frames, service: str) -> Figure:
    """How many began in the last 24 hours; what was withdrawn does not count."""
    rows = frames.between(service, Event, DAY)
    if rows.empty:
        return measure.figure(rows, 0)
    kept, left = measure.parted(rows)
    never = kept["status"].map(lambda word: str(word or "").strip().lower() in incident.NEVER).to_numpy(bool)
    return measure.count(kept[~never], None, left | {"withdrawn": int(never.sum())})
