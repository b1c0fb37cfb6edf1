"""When a bus is late enough to be acted on.

On time is from one minute early to five minutes late (Transit Capacity and Quality of Service Manual, TCRP 165). Only
what a dispatcher can mend is abnormal: from ten minutes on, this program's rule.
"""

from __future__ import annotations

from typing import Literal

EARLY_S = -60.0
ON_TIME_S = 300.0
LATE_S = 600.0
LEVEL_LATE = 2

NOTICE_LEVEL = {"NO_SERVICE": 3, "no_service": 3}
NOTICE = 1
"""Of what passengers are told: a line that does not run is 3, any other notice is to be known."""

Punctuality = Literal["early", "on_time", "behind", "late"]


def punctuality(delay_s: float | None) -> Punctuality | None:
    """By the delay in seconds, negative when early; None when it is not known."""
    if delay_s is None or delay_s != delay_s:  # noqa: PLR0124 (NaN)
        return None
    if delay_s < EARLY_S:
        return "early"
    if delay_s <= ON_TIME_S:
        return "on_time"
    return "late" if delay_s >= LATE_S else "behind"


def level(delay_s: float | None) -> int:
    """2 when late, else 0."""
    return LEVEL_LATE if punctuality(delay_s) == "late" else 0


def notice_level(category: str | None) -> int:
    """Of a notice to passengers that is in force, by its category."""
    return NOTICE_LEVEL.get(category or "", NOTICE)
