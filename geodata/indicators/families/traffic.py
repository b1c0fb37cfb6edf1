"""Roads: how they run, how fast, what stands in the way."""

from __future__ import annotations

import pandas as pd

from geodata.indicators import events, measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules import traffic as rules

SERVICE = "traffic"
GRAVE = 3


def roads(frames: Frames) -> tuple[measure.Now, pd.Series[str]]:
    """The roads of which it is known how they run, and how: free, slow, jammed, closed."""
    return things.once(frames, "runs of roads", lambda: _roads(frames))


def _roads(frames: Frames) -> tuple[measure.Now, pd.Series[str]]:
    found = measure.now(frames, SERVICE)
    told = zip(found.rows.index, found.rows["properties"], strict=True) if len(found.rows) else ()
    by = [rules.runs(found.results.get(str(key), {}), more) for key, more in told]
    runs = pd.Series(by, found.rows.index, dtype=object)
    known = found.only(runs.notna(), "no_value")
    return known, runs[runs.notna()]


@indicator
def jammed(frames: Frames) -> Figure:
    found, runs = roads(frames)
    return found.count(runs.isin(["jammed", "closed"]))


@indicator
def slow(frames: Frames) -> Figure:
    found, runs = roads(frames)
    return found.count(runs == "slow")


@indicator
def grave_incidents(frames: Frames) -> Figure:
    return events.going(frames, SERVICE, GRAVE)


@indicator
def measured(frames: Frames) -> Figure:
    return roads(frames)[0].count()


@indicator
def speed(frames: Frames) -> Figure:
    return measure.recent_mean(frames, SERVICE, "speed")


@indicator
def incidents(frames: Frames) -> Figure:
    return events.going(frames, SERVICE)


@indicator
def begun(frames: Frames) -> Figure:
    return events.begun(frames, SERVICE)
