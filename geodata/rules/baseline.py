"""A day's count against the same weekday of the weeks before it, honest about small numbers.

The past counts are taken as of one Poisson rate with a gamma prior of half a case: what is to be expected next is then
negative binomial, wider the fewer weeks there are. This program's own rule; see the notebook on baselines for its use.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, lgamma, log

import pandas as pd

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
PRIOR = 0.5
MOST_WEEKS, LEAST_WEEKS = 4, 2
LEAST_SHARE = 0.1
"""Of the last week's rows; a week with fewer is one in which the source was not there yet."""


def chance(n: int, past: float, weeks: int) -> float:
    """How likely ``n`` or more are, if nothing has changed; ``past`` is the sum of the counts of so many weeks."""
    r, q = past + PRIOR, weeks / (weeks + 1)
    below = sum(exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(q) + k * log(1 - q)) for k in range(n))
    return max(0.0, 1.0 - below)


def comparable(ago: pd.Series[pd.Timedelta]) -> int:
    """How many weeks before the last day have rows enough to be compared: none after the first that has not."""
    week = ((ago - DAY) / WEEK).dropna()
    n = week[week >= 0].astype(int).value_counts()
    last = float(n.get(0, 0))
    found = 0
    while found < MOST_WEEKS and n.get(found, 0) > 0 and n.get(found, 0) >= LEAST_SHARE * last:
        found += 1
    return found


def unusual(
    times: pd.Series[pd.Timestamp], groups: pd.Series[str], at: datetime, *, least: int, most_chance: float
) -> pd.DataFrame:
    """Groups with more in the last day than can be by chance: index group; ``n``, ``usual`` (mean a day), ``weeks``.

    Nothing is told of fewer than two weeks of rows, nor of fewer than ``least`` cases.
    """
    ago = pd.Timestamp(at) - times
    weeks = comparable(ago)
    today = groups[(ago >= timedelta()) & (ago < DAY)].value_counts()
    today = today[today >= least]
    if weeks < LEAST_WEEKS or today.empty:
        return pd.DataFrame({"n": [], "usual": [], "weeks": []})
    back = (ago / WEEK).astype(float)
    same = (back >= 1) & (back < weeks + 1) & (back % 1 < DAY / WEEK)
    past = groups[same].value_counts().reindex(today.index, fill_value=0)
    rare = [chance(int(n), float(p), weeks) < most_chance for n, p in zip(today, past, strict=True)]
    table = pd.DataFrame({"n": today.astype(int), "usual": past / weeks, "weeks": weeks})
    return table[rare]
