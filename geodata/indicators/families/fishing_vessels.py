"""Fishing vessels: at sea, late, lost. Of two devices on a vessel the newest counts; of a sick feed nothing is told."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import feed_health, vessel
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules import fishing_vessels as rules
from geodata.watch.signs import Fires

SERVICE = "fishing_vessels"
FORGOTTEN_S = 30 * 86400.0
"""Not heard of for so long it is no longer spoken of, on the map neither."""


def fleet(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The counted vessels of feeds that are up (``rules.at_sea``), those long forgotten left out."""
    found = rules.at_sea(frames)
    if found.empty:
        return found, {}
    spoken = found[found["counted"] & (found["age_s"] <= FORGOTTEN_S)]
    return measure.parted(spoken)


def sailing(frames: Frames) -> tuple[Any, dict[str, int]]:
    """Those not in port; without the feeds that bring too little, whose silence may be their own (``sick_feed``)."""
    return things.once(frames, "sailing", lambda: _sailing(frames))


def _sailing(frames: Frames) -> tuple[Any, dict[str, int]]:
    rows, left = fleet(frames)
    if rows.empty:
        return rows, left
    out = rows[~rows["in_port"]]
    health = feed_health.health(out["source"], out["age_s"], out["due_s"])
    sick = out["source"].map(lambda name: not health[str(name)].ok()).astype(bool) & (out["age_s"] > out["due_s"])
    deaf = (out["age_s"] > vessel.LOST_S) & (out["listened_s"] <= vessel.LOST_S) & ~sick
    unknown = left.get("unknown", 0) + int(deaf.sum())
    return out[~sick & ~deaf], left | {"sick_feed": int(sick.sum()), "unknown": unknown}


def _silent(frames: Frames, least_s: float, most_s: float) -> Figure:
    rows, left = sailing(frames)
    age = rows["listened_s"] if len(rows) else pd.Series(dtype=float)
    lost = (age > least_s) & (age <= most_s)
    grades = [vessel.level(s, ais=vessel.by_ais(str(key))) for key, s in age[lost].items()]
    return measure.count(rows, lost, left, max(grades, default=None))


@indicator
def over_line(frames: Frames) -> Figure:
    """As the watch tells it, by two fixes beyond at least."""
    rows, left = fleet(frames)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    over = sum(isinstance(sign, Fires) for sign in rules.crossed_boundary.signs(frames))
    return measure.figure(rows, over, left_out=left)


@indicator
def lost_10d(frames: Frames) -> Figure:
    return _silent(frames, vessel.LONG_LOST_S, FORGOTTEN_S)


@indicator
def lost_6h(frames: Frames) -> Figure:
    return _silent(frames, vessel.LOST_S, vessel.LONG_LOST_S)


@indicator
def at_sea(frames: Frames) -> Figure:
    rows, left = sailing(frames)
    return measure.count(rows, None if rows.empty else rows["age_s"] <= vessel.LOST_S, left)


@indicator
def late(frames: Frames) -> Figure:
    rows, left = sailing(frames)
    late_ = (rows["age_s"] > rows["due_s"]) & (rows["age_s"] <= vessel.LOST_S) if len(rows) else None
    return measure.count(rows, late_, left)


@indicator
def in_port(frames: Frames) -> Figure:
    rows, left = fleet(frames)
    return measure.count(rows, None if rows.empty else rows["in_port"], left)


@indicator
def reporting(frames: Frames) -> Figure:
    """Of the active vessels at sea: heard of within the day before their report was due."""
    rows, left = fleet(frames)
    if rows.empty:
        return measure.figure(rows, None, left_out=left)
    out = rows[~rows["in_port"] & (rows["age_s"] <= rows["due_s"] + feed_health.ACTIVE_S)]
    return measure.share(out, int((out["age_s"] <= out["due_s"]).sum()), len(out), left, sampled=False)
