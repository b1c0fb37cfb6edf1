"""How long until something happens, when some of it has not happened yet: the median with open ones censored.

The estimate of Kaplan and Meier (JASA 1958); its 95 % limits after Brookmeyer and Crowley (Biometrics 1982) on the
log-log scale (Kalbfleisch and Prentice), which stay between 0 and 1 for few cases too. The mean of the closed ones
alone would look the better the longer the hard ones stand open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt

from geodata.indicators.interval import Z

LEAST_ENDED = 6
"""Fewer that have ended give no limits, as a median by ranks of fewer than six has none."""


@dataclass(frozen=True, slots=True)
class Median:
    """``value`` None: fewer than half had ended for as long as anybody looked. ``high`` None: no upper limit."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


def median(spans: Iterable[tuple[float, bool]]) -> Median:
    """Of (how long, whether it ended then; else it was seen so long and had not).

    >>> median([(1, True), (2, True), (3, False), (4, True)])
    Median(value=2, low=None, high=None)
    """
    known = sorted(spans)
    times, ends = [span for span, _ in known], Counter(span for span, ended in known if ended)
    value = low = high = None
    share, spread = 1.0, 0.0
    for time, gone in sorted(ends.items()):
        left = len(known) - bisect_left(times, time)
        share *= 1 - gone / left
        if value is None and share <= 0.5:
            value = time
        if left == gone:  # nobody is left: nothing can be said of the spread
            break
        spread += gone / (left * (left - gone))
        under, over = _limits(share, spread)
        low = time if low is None and under <= 0.5 else low
        high = time if high is None and over <= 0.5 else high
    return Median(value, low, high) if value is not None and ends.total() >= LEAST_ENDED else Median(value)


def _limits(share: float, spread: float) -> tuple[float, float]:
    """Of the share that has not ended, 0 < share < 1."""
    half = Z * sqrt(spread) / abs(log(share))
    return share ** exp(half), share ** exp(-half)
