"""Whether a feed that is up brings what it should: the share of its active things that were heard of in time.

After the practice of fisheries monitoring centres (an operator is held for working while more than 70% of its active
beacons emit): a thing is silent by itself only while most of the others of its source are heard. This program's own
rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

LEAST_SHARE = 0.7
LEAST_N = 5
LEAST_SILENT = 4
"""Of fewer active things no share is told, and fewer silent ones are no sick feed: two of six boats are two boats."""

ACTIVE_S = 24 * 3600.0
"""A thing is active that was heard of within so long before its time was over."""


@dataclass(frozen=True, slots=True)
class Health:
    """``heard`` of ``active`` things; ``share`` None when there are too few to tell."""

    active: int
    heard: int

    @property
    def share(self) -> float | None:
        return self.heard / self.active if self.active >= LEAST_N else None

    def ok(self, least: float = LEAST_SHARE) -> bool:
        return self.share is None or self.share >= least or self.active - self.heard < LEAST_SILENT


def health(source: pd.Series[str], age_s: pd.Series[float], due_s: pd.Series[float]) -> Mapping[str, Health]:
    """By source. ``due_s``: within how many seconds each thing is to be heard of; all of one index."""
    active = age_s <= due_s + ACTIVE_S
    heard = age_s <= due_s
    table = pd.DataFrame({"source": source, "active": active, "heard": heard & active})
    sums = table.groupby("source")[["active", "heard"]].sum()
    return {str(name): Health(int(row["active"]), int(row["heard"])) for name, row in sums.iterrows()}
