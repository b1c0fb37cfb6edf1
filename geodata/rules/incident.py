"""An incident on the map: whether it goes on, how bad it is, how it fades when it is over.

``severity`` is the source's own word on the one ramp (1–5). Level 5 is only ever read in an official text (Decision
18/2021/QĐ-TTg speaks of disasters), so a detector or a desk reaches 4 at most. These are this program's rules.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

UNRATED = 2
"""Level of an open incident that nobody has rated: it asks for attention, and claims no more."""

MOST = 4
FADE_FROM, FADE_TO = 0.7, 0.45
"""Opacity of an incident that has just ended, and at the far end of the window that is looked at (look.md 3.6)."""

NEVER = frozenset({"false_positive", "deleted"})
"""States of what did not happen: withdrawn by the detector, or taken back by who reported it."""

OVER = frozenset({"ended", "closed", "cancelled", "resolved", "done"})

Course = Literal["open", "ended", "never"]


def course(now: datetime, end: datetime | None, status: str | None = None) -> Course:
    """Whether it goes on at ``now``, is over, or never was. An end that lies ahead of ``now`` is still to come.

    A status without an end counts as it stands; one that no one knows means nothing, for every desk has its own words.
    """
    word = (status or "").strip().lower()
    if word in NEVER:
        return "never"
    if end is not None:
        return "open" if end > now else "ended"
    return "ended" if word in OVER else "open"


def courses(events: pd.DataFrame, now: datetime) -> NDArray[np.str_]:
    """The ``course`` of each row; columns end_time and status (contracts 4.1)."""
    ends = pd.to_datetime(events["end_time"], utc=True)
    told = [
        course(now, None if pd.isna(end) else end, status if isinstance(status, str) else None)
        for end, status in zip(ends, events["status"], strict=True)
    ]
    return np.array(told, dtype=np.str_)


def level(severity: float | None) -> int:
    """0–4 of an open incident; ``UNRATED`` without a severity."""
    if severity is None or severity != severity:  # noqa: PLR0124 (NaN)
        return UNRATED
    return int(min(max(severity, 0), MOST))


def faded(ended_s: float, window_s: float) -> float:
    """Opacity so long after its end."""
    share = min(max(ended_s / window_s, 0.0), 1.0) if window_s > 0 else 1.0
    return FADE_FROM - (FADE_FROM - FADE_TO) * share
