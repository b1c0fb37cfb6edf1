"""What the state of a school means on the one ramp. No law grades it: these are this program's own levels.

A closed school asks for attention (2), one that teaches online or shelters people is watched (1). A school that reports
as open on the very day on which its ground is officially warned of at level 3 or more asks somebody to decide (3).
"""

from __future__ import annotations

DANGEROUS = frozenset(
    ("storm", "flood", "flash_flood", "reservoir_release", "storm_surge", "earthquake", "forest_fire", "fire")
)
"""Hazards (categories of the service warnings) for which pupils should not be on the way; heavy rain over a whole
province alone is none."""

WARNED_FROM = 3
LEVEL_CLOSED, LEVEL_WATCHED, LEVEL_OPEN_IN_DANGER = 2, 1, 3


def level(status: str | None, *, warned: int = 0, today: bool = True) -> int:
    """Level of a school whose report is current. ``warned`` is the highest level of a dangerous warning at its place.

    ``today``: the report is of the day that is looked at; yesterday's "open" says nothing of today.
    """
    if status == "closed":
        return LEVEL_CLOSED
    if status in {"online", "shelter"}:
        return LEVEL_WATCHED
    return LEVEL_OPEN_IN_DANGER if status == "open" and today and warned >= WARNED_FROM else 0
