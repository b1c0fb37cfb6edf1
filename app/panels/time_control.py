"""The clock of the planner: live or past, play and step, a histogram of the layer in focus, and what was known when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.panels.block import Block

SPEEDS = (60, 300, 900, 3600)
"""Seconds of the map's clock a second, as the speed button offers them."""


class TimeControl(Block):
    """``data``: language, timezone, live, playing, speed, as_known, head, window, from, to (epoch s), bins [{t, n}],
    beside (epoch s or None), wrong (why what was typed is no moment).

    Messages: ``range`` {start, head or None for live, window}, ``live``, ``play``, ``step`` {by}, ``speed``, ``known``,
    ``at`` {text}, ``window`` {seconds}, ``beside`` {text} or {back: seconds} or {}. ``say`` takes {"type": "open"}.
    """


def bins(times: Iterable[datetime], counts: Iterable[float]) -> Sequence[dict[str, float]]:
    """Histogram bars from the columns of ``counts_by_time``."""
    return [{"t": t.timestamp(), "n": int(n)} for t, n in zip(times, counts, strict=True)]


def faster(speed: int) -> int:
    """The next speed, round and round."""
    return SPEEDS[(SPEEDS.index(speed) + 1) % len(SPEEDS)] if speed in SPEEDS else SPEEDS[0]
