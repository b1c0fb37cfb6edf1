"""Rivers against their confirmed alarm levels, and rain. A station without a confirmed level is in no alarm count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Observation, Quality
from geodata.rules import alarm, rain
from geodata.watch import things
from geodata.watch.frames import Frames

SERVICE = "hydrology"
Parted = tuple[Any, dict[str, int]]


def newest(frames: Frames, name: str) -> Parted:
    """The newest results of one property, in time, of devices that measure."""
    found = frames.latest(SERVICE, Observation)
    if found.empty:
        return found, {}
    own = found[(found["observed_property"] == name) & pd.to_numeric(found["result"], errors="coerce").notna()]
    rows, left = measure.parted(own)
    age = (pd.Timestamp(frames.at) - rows["time"]).dt.total_seconds()
    heard = age <= rows["cadence_s"].astype(float) * rows["late_factor"].astype(float)
    good = rows["quality"] == Quality.MEASURING
    left |= {"silent": int((~heard).sum()), "not_measuring": int((heard & ~good).sum())}
    return rows[heard & good], left


def alarms(frames: Frames) -> Parted:
    """Water levels of stations that have confirmed alarm levels, with ``reached`` 0–4."""
    return things.once(frames, "alarms of rivers", lambda: _alarms(frames))


def _alarms(frames: Frames) -> Parted:
    rows, left = newest(frames, alarm.PROPERTY)
    if rows.empty:
        return rows, left
    known = [alarm.alarms_of(things.more(p), things.text(n), confirmed=True) for p, n in
             zip(rows["properties"], rows["name"], strict=True)]  # fmt: skip
    has = np.array([bool(levels) for levels in known], bool)
    told = zip(rows["result"].astype(float), known, strict=True)
    reached = pd.Series([alarm.alarm(value, levels).level if levels else 0 for value, levels in told], rows.index)
    return rows.assign(reached=reached)[has], left | {"no_alarm_level": int((~has).sum())}


def _reached(frames: Frames, least: int, most: int) -> Figure:
    rows, left = alarms(frames)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    there = rows["reached"].between(least, most)
    return measure.count(rows, there, left, int(rows.loc[there, "reached"].max()) if there.any() else None)


@indicator
def over_bd3(frames: Frames) -> Figure:
    return _reached(frames, 3, 4)


@indicator
def over_bd2(frames: Frames) -> Figure:
    return _reached(frames, 2, 2)


@indicator
def over_bd1(frames: Frames) -> Figure:
    return _reached(frames, 1, 1)


@indicator
def stations(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def rain_day(frames: Frames) -> Figure:
    rows, left = newest(frames, rain.DAY)
    return measure.most(rows, list(rows["result"].astype(float)) if len(rows) else [], left)


@indicator
def reporting(frames: Frames) -> Figure:
    return measure.reporting(frames, SERVICE)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
