"""Targets of bodies of government: how many are met, who misses them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Observation
from geodata.rules import target
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules.government_performance import MET, PLAN, SERVICE


@indicator
def missed(frames: Frames) -> Figure:
    """Bodies with a whole target or more missing to their own plan: as the watch tells it."""
    found, latest = measure.now(frames, SERVICE), frames.latest(SERVICE, Observation)
    if latest.empty:
        return found.count()
    of = latest[latest["observed_property"] == MET].set_index("id").reindex(found.rows.index)
    rate, plan = found.numbers(MET), found.numbers(PLAN)
    told = zip(rate, plan, pd.to_numeric(of["numerator"]), pd.to_numeric(of["denominator"]), strict=True)
    level = [target.level(*(things.number(value) for value in row)) for row in told]
    kept = found.only(rate.notna() & plan.notna(), "no_value")
    return kept.count(np.asarray(level, int)[(rate.notna() & plan.notna()).to_numpy()] > 0)


@indicator
def bodies(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def targets_met(frames: Frames) -> Figure:
    return measure.pooled(frames, SERVICE, MET)


@indicator
def disbursement(frames: Frames) -> Figure:
    """The mean of the bodies that tell it: the amounts are not known, so big and small count alike."""
    found = measure.now(frames, SERVICE).telling("disbursement")
    return measure.mean(found.rows, list(found.numbers("disbursement")), found.left_out)
