"""The desk itself: what stands there and nobody has seen, how long it takes, how much comes.

Told from the journals of the watch and of the desk, which nobody changes: as it was known then is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.indicators import interval, survival
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import small_numbers
from geodata.watch.frames import Frames

DAY, WEEK = timedelta(days=1), timedelta(days=7)
BACK = DAY + WEEK
"""One reading serves all: the last day, and the seven before it."""

GRAVE = 3
"""From this level on the wall stops for what nobody has (look.md 3.8)."""

NEVER = "never_was"
"""Later rows told that there was nothing: its course says nothing of the desk."""


def stood(frames: Frames) -> pd.DataFrame:
    """What stands, and what stood within eight days."""
    found = frames.standings(BACK)
    times = ("began", "ended", "acknowledged_at", "desk_closed_at")
    return found.assign(**{name: pd.to_datetime(found[name], utc=True) for name in times}) if len(found) else found


def standing(frames: Frames) -> tuple[pd.DataFrame, dict[str, int]]:
    """What stands now, and how much of it the desk has closed."""
    found = stood(frames)
    if found.empty:
        return found, {}
    now = found[found["ended"].isna()]
    closed = now["desk_closed_at"].notna()
    return now[~closed], {"desk_closed": int(closed.sum())}


def begun(frames: Frames, back: timedelta, until: timedelta = timedelta(0)) -> pd.DataFrame:
    """What opened, or opened again, in that time before the instant."""
    found = stood(frames)
    if found.empty:
        return found
    at = pd.Timestamp(frames.at)
    return found[(found["began"] > at - back) & (found["began"] <= at - until)]


def told(
    frames: Frames, value: float | None, rows: pd.DataFrame, left_out: Mapping[str, int] | None = None, **more: Any
) -> Figure:
    """A figure that rests on these findings; while no watch looks, what it can tell of is lost."""
    seen, every = frames.watched(), stood(frames)
    connected = seen.looks is True or seen.began is not None
    blind = connected and seen.looks is False
    left = {**(left_out or {}), "no_watch": int(blind)}
    newest = seen.began if every.empty else every[["began", "ended", "acknowledged_at"]].max().max().to_pydatetime()
    return Figure(
        value=value, n=len(rows), newest=newest, simulated=bool(len(rows) and rows["simulated"].any()),
        left_out={key: n for key, n in left.items() if n}, told_by=(int(connected), int(blind)), **more,
    )  # fmt: skip


def by_level(rows: pd.DataFrame) -> dict[str, int]:
    """How many of each level, the highest first."""
    counts = Counter(int(level) for level in rows["level"]) if len(rows) else Counter()
    return {f"level_{level}": counts[level] for level in sorted(counts, reverse=True)}


def counted(frames: Frames, rows: pd.DataFrame, left: dict[str, int] | None = None) -> Figure:
    return told(frames, len(rows), rows, parts=by_level(rows), left_out=left)


def unseen(frames: Frames) -> tuple[pd.DataFrame, dict[str, int]]:
    """What stands and nobody has acknowledged at the level that it has now."""
    rows, left = standing(frames)
    return (rows[~rows["acknowledged"].astype(bool)] if len(rows) else rows), left


@indicator
def unseen_grave(frames: Frames) -> Figure:
    rows, left = unseen(frames)
    return counted(frames, rows[rows["level"] >= GRAVE] if len(rows) else rows, left)


@indicator
def open_now(frames: Frames) -> Figure:
    return counted(frames, *standing(frames))


@indicator
def unacknowledged(frames: Frames) -> Figure:
    return counted(frames, *unseen(frames))


def median(frames: Frames, rows: pd.DataFrame, end: pd.Series | None, unit: timedelta) -> Figure:
    """From the opening to ``end``; what has no end is censored when it ended by itself, or now."""
    never = rows["end_reason"] == NEVER if len(rows) else pd.Series(dtype=bool)
    kept = rows[~never] if len(rows) else rows
    if kept.empty or end is None:
        return told(frames, None, kept, left_out={NEVER: int(never.sum())})
    done = end.loc[kept.index]
    until = done.fillna(kept["ended"]).fillna(pd.Timestamp(frames.at))
    spans = (until - kept["began"]).dt.total_seconds().clip(lower=0) / unit.total_seconds()
    found = survival.median(zip(spans.tolist(), done.notna().tolist(), strict=True))
    parts = {"done": int(done.notna().sum()), "not_done": int(done.isna().sum())}
    return told(frames, found.value, kept, parts=parts, low=found.low, high=found.high,
                left_out={NEVER: int(never.sum())})  # fmt: skip


def to_acknowledge(frames: Frames, back: timedelta) -> Figure:
    rows = begun(frames, back)
    return median(frames, rows, rows["acknowledged_at"] if len(rows) else None, timedelta(minutes=1))


def to_close(frames: Frames, back: timedelta) -> Figure:
    """Until its cause ended or the desk closed it, whichever came first."""
    rows = begun(frames, back)
    ends = rows[["ended", "desk_closed_at"]].min(axis=1) if len(rows) else None
    return median(frames, rows, ends, timedelta(hours=1))


@indicator
def acknowledge_day(frames: Frames) -> Figure:
    return to_acknowledge(frames, DAY)


@indicator
def acknowledge_week(frames: Frames) -> Figure:
    return to_acknowledge(frames, WEEK)


@indicator
def close_day(frames: Frames) -> Figure:
    return to_close(frames, DAY)


@indicator
def close_week(frames: Frames) -> Figure:
    return to_close(frames, WEEK)


@indicator
def opened_day(frames: Frames) -> Figure:
    return counted(frames, begun(frames, DAY))


@indicator
def opened_against(frames: Frames) -> Figure:
    """Of a usual day: the mean of the seven before, or of as many of them as a watch has looked at.

    Given both counts together, how many of them are of today is a share of cases: its limits are the ratio's.
    """
    today, before = begun(frames, DAY), begun(frames, BACK, until=DAY)
    both, began = pd.concat([today, before]), frames.watched().began
    looked = 0.0 if began is None else (frames.at - DAY - began) / DAY
    days = min(looked, WEEK / DAY)
    if days < 1 or len(before) < small_numbers.LEAST_N:
        return told(frames, None, both)
    usual = len(before) / days
    low, high = interval.wilson(len(today), len(both)) or (0.0, 0.0)
    ends = (100 * days * end / (1 - end) for end in (low, high))
    return told(frames, 100 * len(today) / usual, both, numerator=len(today), denominator=usual,
                low=next(ends), high=next(ends))  # fmt: skip
