"""A target against what was done: how many are missing, and whether that is a miss.

A rate of few cannot hit its target exactly: of 18 targets 90% are 16,2, so 16 are no miss. This program calls a target
missed when a whole one is missing (its own rule; a missed target is level 2, look.md 2.6).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import isfinite

from geodata.rules.small_numbers import LEAST_N

BOUNDS = (70.0, 80.0, 90.0, 95.0)
"""Lower bounds of the second and later classes of a rate of targets met, %; fixed, so that months can be compared."""

LEVEL_MISSED = 2
WHOLE = 1.0


def missing(numerator: float | None, denominator: float | None, plan: float | None) -> float | None:
    """How many of ``denominator`` are missing to the plan (%), 0 when it is met; None when a number is unknown."""
    values = [None if v is None or not isfinite(v) else float(v) for v in (numerator, denominator, plan)]
    if None in values:
        return None
    done, all_, planned = (v for v in values if v is not None)
    # the plan's share of the whole is a product of two decimals: 0.9 × 20 is 18.000000000000004 on some machines
    return max(round(planned / 100 * all_ - done, 6), 0.0)


def level(
    rate: float | None, plan: float | None, numerator: float | None, denominator: float | None, *, least: int = LEAST_N
) -> int:
    """2 when the target is missed, else 0; of fewer than ``least`` nothing is said. Rates in %.

    A source that sends a rate without the number it is of is taken by its word.
    """
    short = missing(numerator, denominator, plan)
    if short is not None and denominator is not None:
        return LEVEL_MISSED if denominator >= least and short >= WHOLE else 0
    known = rate is not None and plan is not None and isfinite(rate) and isfinite(plan)
    return LEVEL_MISSED if known and rate < plan else 0  # type: ignore[operator]


def class_of(value: float | None, bounds: Sequence[float] = BOUNDS) -> int | None:
    """Number of the class, 0 the lowest; None without a value. A bound belongs to the class above it."""
    if value is None or not isfinite(value):
        return None
    return bisect_right(bounds, value)
