"""Few cases: a rate is told from five on, a count of people only from the service's own minimum cell on.

Neither limit is a law's: ``LEAST_N`` is this program's rule, so that 100% of 2 never stands beside 98% of 1.284
(look.md, principle 5); the minimum cell stands in the catalogue (``minimum_cell``) and comes from the city's own rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

LEAST_N = 5
"""Fewest cases of which a rate is told."""


def share(numerator: float | None, denominator: float | None, *, least: int = LEAST_N) -> float | None:
    """Of the denominator, 0–1 (more where more was done than planned); None when unknown, negative or of fewer than
    ``least``.
    """
    top, bottom = _number(numerator), _number(denominator)
    if top is None or bottom is None or bottom < max(least, 1):
        return None
    return top / bottom


def pooled(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[float, float]:
    """Numerator and denominator of several parts together; a part of which one is unknown does not count."""
    known = [(_number(a), _number(b)) for a, b in pairs]
    whole = [(a, b) for a, b in known if a is not None and b is not None]
    return sum(a for a, _ in whole), sum(b for _, b in whole)


def told(count: float | None, least: int) -> bool:
    """Whether a count of people may be shown: nobody at all, or at least the minimum cell."""
    number = _number(count)
    return number is not None and (number == 0 or number >= least)


def _number(value: float | None) -> float | None:
    """A count; None for nothing, NaN, infinity and less than nothing."""
    if value is None or not isfinite(value) or value < 0:
        return None
    return float(value)
