"""The one clock of a case: how much of its time is used, due soon, overdue."""

from __future__ import annotations

from datetime import datetime

DUE_SOON = 0.7
"""Share of the time used from which a case is due soon; the city's own rule, not a law's."""

LEVEL_OVERDUE = 2
LEVEL_OVERDUE_URGENT = 3


def share_used(requested: datetime, expected: datetime | None, now: datetime) -> float | None:
    """Of the time between request and due: 0 at the request, 1 at the deadline, more when overdue; None without one.

    ``expected`` was set by the agency in working time, so plain time between the two is the right share.
    """
    if expected is None or expected <= requested:
        return None
    return max(0.0, (now - requested) / (expected - requested))


def level(share: float | None, urgency: str | None) -> int:
    """0 while in time; 2 overdue; 3 overdue in the urgent process (look.md 2.3 and 3.6)."""
    if share is None or share < 1:
        return 0
    return LEVEL_OVERDUE_URGENT if urgency == "urgent" else LEVEL_OVERDUE
