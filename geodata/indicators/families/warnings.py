"""Official warnings in force. A drill, a test and a message between machines are none."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Alert
from geodata.rules import warning
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules.warnings import ACTUAL, SERVICE


def actual(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The warnings in force of feeds that are up, with ``grade`` 1–5 (``geodata.rules.warning``)."""
    found = frames.latest(SERVICE, Alert)
    if found.empty:
        return found, {}
    over = found["expires"].notna() & (found["expires"] <= pd.Timestamp(frames.at))
    rows, left = measure.parted(found[(found["status"] == ACTUAL) & ~over])
    graded = zip(rows["severity"], rows["level"], strict=True)
    grade = [warning.level(things.text(severity), things.number(told)) for severity, told in graded]
    return rows.assign(grade=pd.Series(grade, rows.index, dtype=int)), left


@indicator
def highest(frames: Frames) -> Figure:
    rows, left = actual(frames)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    top = int(rows["grade"].max())
    return measure.count(rows, rows["grade"] == top, left, top)


@indicator
def in_force(frames: Frames) -> Figure:
    rows, left = actual(frames)
    return measure.count(rows, None, left)


@indicator
def grave(frames: Frames) -> Figure:
    """Of level 3 and more."""
    rows, left = actual(frames)
    return measure.count(rows, None if rows.empty else rows["grade"] >= 3, left)
