"""How sure a share, a mean or a median is: 95 % intervals that hold for few cases too.

Shares: Wilson's score interval (E. B. Wilson, JASA 1927; recommended for small n by Brown, Cai, DasGupta, Statistical
Science 2001). Means: Student's t. Medians: order statistics by the binomial distribution. A count of all there is has
no interval: nothing was sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, isfinite, sqrt
from statistics import fmean, stdev

Z = 1.959963984540054
"""Of the normal distribution, 95 %."""

LEAST_MEAN = 3
"""Values from which a spread can be told."""


def wilson(numerator: float, denominator: float) -> tuple[float, float] | None:
    """Of a share 0–1; None without cases.

    >>> tuple(round(end, 3) for end in wilson(9, 10))
    (0.596, 0.982)
    """
    if not denominator > 0 or not 0 <= numerator <= denominator:
        return None
    share, square = numerator / denominator, Z * Z / denominator
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * sqrt(share * (1 - share) / denominator + square / (4 * denominator))
    # at 0 of n and n of n the ends are the values themselves; binary fractions fall short of them
    low = 0.0 if numerator == 0 else middle - half
    high = 1.0 if numerator == denominator else middle + half
    return min(low, share), max(high, share)


def mean(values: Sequence[float]) -> tuple[float, float] | None:
    """Of a mean; None of fewer than three values."""
    known = [value for value in values if isfinite(value)]
    if len(known) < LEAST_MEAN:
        return None
    half = student(len(known) - 1) * stdev(known) / sqrt(len(known))
    return fmean(known) - half, fmean(known) + half


def student(freedom: int) -> float:
    """The 97,5 % quantile of Student's t: exact for 2 degrees of freedom, Cornish–Fisher's expansion from 3 on (within
    1 % at 3, within 0,1 % from 6 on).
    """
    if freedom <= 2:  # exact: p (2 p q / (1 - (2p - 1)^2)) for two degrees
        return 4.302652729911275
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3


def median(values: Sequence[float]) -> tuple[float, float] | None:
    """Of a median, by the ranks that hold it with at least 95 %; None of fewer than six values."""
    known = sorted(value for value in values if isfinite(value))
    n, below, rank = len(known), 0.0, 0
    if n > 1000:  # the binomial is as good as normal there, and its terms need big numbers
        rank = int(n / 2 - Z * sqrt(n) / 2)
        return known[rank - 1], known[n - rank]
    while rank < n // 2 and below + comb(n, rank) / 2**n <= 0.025:
        below += comb(n, rank) / 2**n
        rank += 1
    return (known[rank - 1], known[n - rank]) if rank else None
