"""How full a hospital is, and whether a week has more cases than usual, on the one ramp.

No Vietnamese rule grades the occupancy of beds, so the thresholds are this program's own and are shown as such. That
regular shortages begin at a mean of 90 % is Bagust, Place, Posnett, BMJ 1999;319:155; at 100 % no bed is left, at 120 %
every fifth patient shares one. Cases are compared as in the WHO's endemic channel: mean and two standard deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

BUSY, FULL, OVER = 90.0, 100.0, 120.0
"""Per cent of beds in use: level 1, 2, 3."""

LEVEL_NO_AMBULANCE = 2
MIN_WEEKS = 4
LEAST_CASES = 5
LEVEL_OUTBREAK = 2


def of_beds(occupancy_pct: float | None) -> int:
    """0 to 3 by per cent of beds in use; 0 when nobody knows."""
    if occupancy_pct is None:
        return 0
    return sum(occupancy_pct >= at for at in (BUSY, FULL, OVER))


def usual(past: Sequence[float]) -> tuple[float, float] | None:
    """Mean of the weeks before and the threshold (mean + 2 standard deviations); None for fewer than four weeks."""
    if len(past) < MIN_WEEKS:
        return None
    mean = sum(past) / len(past)
    spread = sqrt(sum((week - mean) ** 2 for week in past) / (len(past) - 1))
    return mean, mean + 2 * spread


def outbreak(cases: float | None, past: Sequence[float]) -> int:
    """Level of a week's cases in a ward against the weeks before it. Under five cases it is never an outbreak."""
    known = usual(past)
    if cases is None or known is None:
        return 0
    return LEVEL_OUTBREAK if cases >= LEAST_CASES and cases > known[1] else 0
