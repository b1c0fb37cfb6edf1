"""One-stop offices: dossiers in hand, overdue ones, the rates of Decision 766, each with the number it is of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Observation
from geodata.rules import dossier, small_numbers
from geodata.watch.frames import Frames

SERVICE = "public_services"
WEEK = timedelta(days=7)


@indicator
def offices_late(frames: Frames) -> Figure:
    """By what each office told of the last week, as the map colours it."""
    found, solved = measure.now(frames, SERVICE), _solved(frames)[0]
    hand, late = found.numbers("in_progress"), found.numbers("overdue")
    by = {key: small_numbers.pooled(zip(own["numerator"], own["denominator"], strict=True)) for key, own in
          (solved.groupby("id") if len(solved) else ())}  # fmt: skip
    level = [dossier.level(by.get(key, (np.nan, 0.0)), late[key], hand[key]) for key in found.rows.index]
    return found.count(np.asarray(level, int) > 0)


@indicator
def in_progress(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE).telling("in_progress")
    return measure.total(found.rows, list(found.numbers("in_progress")), found.left_out)


@indicator
def overdue_share(frames: Frames) -> Figure:
    """Of the dossiers in hand, of the offices that tell both numbers."""
    found = measure.now(frames, SERVICE).telling("in_progress").telling("overdue")
    top, of = found.numbers("overdue").sum(), found.numbers("in_progress").sum()
    return measure.share(found.rows, float(top), float(of), found.left_out)


@indicator
def on_time(frames: Frames) -> Figure:
    """Dossiers solved in the last seven days, by the offices' own daily counts."""
    rows, left = _solved(frames)
    if rows.empty:
        return measure.figure(rows, None, left_out=left)
    top, of = small_numbers.pooled(zip(rows["numerator"], rows["denominator"], strict=True))
    return measure.share(rows, top, of, left)


@indicator
def online(frames: Frames) -> Figure:
    return measure.pooled(frames, SERVICE, "online_rate")


@indicator
def satisfied(frames: Frames) -> Figure:
    return measure.pooled(frames, SERVICE, "satisfaction_rate")


def _solved(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The daily on-time counts of the week, with the number that they are of."""
    found = frames.between(SERVICE, Observation, WEEK)
    if found.empty:
        return found, {}
    own = found[(found["observed_property"] == "on_time_rate") & found["denominator"].notna()]
    daily = own[pd.to_datetime(own["phenomenon_end"], utc=True).isna()]
    rows, left = measure.parted(daily)
    return rows.astype({"numerator": float, "denominator": float}), left
