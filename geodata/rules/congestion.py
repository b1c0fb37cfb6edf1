"""How a road runs: its level of service (A–F) and the four classes that the map colours.

Grades by mean speed as a share of the free one: Highway Capacity Manual 2010, exhibit 16-4 (urban streets).
A grade that the source sends wins. That D and E are "slow" and F is "jammed" is this program's rule, as is what each
asks for.
"""

from __future__ import annotations

import math
from typing import Literal

GRADES: tuple[tuple[str, float], ...] = (("A", 0.85), ("B", 0.67), ("C", 0.50), ("D", 0.40), ("E", 0.30))
"""Grade and the least share of the free speed; below the last it is F."""

Class = Literal["free", "slow", "jammed", "closed"]
OF_GRADE: dict[str, Class] = {"A": "free", "B": "free", "C": "free", "D": "slow", "E": "slow", "F": "jammed"}
LEVEL: dict[str, int] = {"free": 0, "slow": 2, "jammed": 3, "closed": 3}
"""What it asks for; slow is 2 and jammed 3 as look.md 2.6 colours them."""


def share(speed: float | None, free: float | None) -> float | None:
    """Mean speed against the free one (any one unit); None where either is not known or not above zero."""
    if speed is None or free is None or not (math.isfinite(speed) and math.isfinite(free)) or free <= 0 or speed < 0:
        return None
    return speed / free


def grade(speed: float | None, free: float | None) -> str | None:
    """A–F by the share of the free speed."""
    found = share(speed, free)
    if found is None:
        return None
    return next((letter for letter, least in GRADES if found >= least), "F")


def class_of(told: str | None, flow: float | None = None, speed: float | None = None) -> Class | None:
    """The class of a grade, as the source told it or ``grade`` found it; None when it is not known.

    ``closed``: grade F while nothing at all passes. An empty road at night has no flow either, but nobody calls it F.
    """
    found = OF_GRADE.get((told or "").strip().upper()[:1])
    stands = flow is not None and flow == 0 and (speed is None or not speed > 0)
    return "closed" if found == "jammed" and stands else found
