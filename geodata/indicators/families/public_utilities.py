"""Public utilities: what is out of service, what works, what is lost on the way."""

from __future__ import annotations

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import utility
from geodata.watch.frames import Frames
from geodata.watch.rules import public_utilities as rules

SERVICE = "public_utilities"
PUMP = 3


def graded(frames: Frames) -> tuple[measure.Now, pd.Series[int]]:
    """What is heard of, and the level of what each is in (``geodata.rules.utility``)."""
    found = measure.now(frames, SERVICE)
    if found.rows.empty:
        return found, pd.Series(dtype=int)
    return found, rules.conditions(found.rows, found.results).map(utility.LEVELS).fillna(0).astype(int)


@indicator
def pumps_failed(frames: Frames) -> Figure:
    found, level = graded(frames)
    return found.count(level >= PUMP)


@indicator
def out_of_order(frames: Frames) -> Figure:
    found, level = graded(frames)
    return found.count(level >= 2)


@indicator
def heard(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def in_order(frames: Frames) -> Figure:
    found, level = graded(frames)
    return found.share(level < 2)


@indicator
def water_loss(frames: Frames) -> Figure:
    """The mean of the zones that tell it."""
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("water_loss").notna())
    return measure.mean(told.rows, list(told.numbers("water_loss")), told.left_out)


@indicator
def reporting(frames: Frames) -> Figure:
    return measure.reporting(frames, SERVICE)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
