"""What a CAP warning means on the one ramp, and whether it has begun.

The official risk level (Decision 18/2021/QĐ-TTg, 1 to 5) that the bulletin itself tells wins over CAP's severity; 5
comes from that text alone. Extreme 4, Severe 3, Moderate 2, Minor 1 is this program's reading of CAP 1.2 (look.md 2.3).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

OF_SEVERITY = {"Extreme": 4, "Severe": 3, "Moderate": 2, "Minor": 1}
UNGRADED = 1
"""A warning that tells neither is still one: to be watched."""

DRILLS = frozenset({"Exercise", "Test"})
"""Never counted, never a level; ``System`` and ``Draft`` are messages between machines and are not shown."""

Phase = Literal["coming", "on", "over"]


def level(severity: str | None, official: float | None) -> int:
    """1 to 5. ``official`` is the risk level in the bulletin's words, None or NaN when it names none."""
    if official is not None and 1 <= official <= 5:  # NaN compares false
        return int(official)
    return OF_SEVERITY.get(str(severity), UNGRADED)


def phase(start: datetime | None, expires: datetime | None, now: datetime) -> Phase:
    """Whether what is warned of is to come, is on, or is over; ``start`` is the onset, else the effective time."""
    if expires is not None and expires <= now:
        return "over"
    return "coming" if start is not None and start > now else "on"
