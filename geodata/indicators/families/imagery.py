"""Images of radar and satellite: how old the newest is, what has not come."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Coverage
from geodata.watch.frames import Frames

SERVICE = "imagery"


def newest(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The newest image of each kind, with ``old_s`` and ``due_s``."""
    rows, left = measure.parted(frames.latest(SERVICE, Coverage))
    if rows.empty:
        return rows, left
    own = rows.sort_values("time", kind="stable").groupby("category", dropna=False).tail(1)
    due = own["cadence_s"].astype(float) * own["late_factor"].astype(float)
    return own.assign(old_s=(pd.Timestamp(frames.at) - own["time"]).dt.total_seconds(), due_s=due), left


@indicator
def overdue(frames: Frames) -> Figure:
    rows, left = newest(frames)
    return measure.count(rows, None if rows.empty else rows["old_s"] > rows["due_s"], left)


@indicator
def kinds(frames: Frames) -> Figure:
    rows, left = newest(frames)
    return measure.count(rows, None, left)


@indicator
def age(frames: Frames) -> Figure:
    """Of the newest image of all, in minutes."""
    rows, left = newest(frames)
    return measure.figure(rows, None if rows.empty else float(rows["old_s"].min()) / 60, left_out=left)
