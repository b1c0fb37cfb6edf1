"""Tourism: visitors, rooms taken, places with more visitors than they can take."""

from __future__ import annotations

import numpy as np

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import crowd
from geodata.watch import things
from geodata.watch.frames import Frames

SERVICE = "tourism"


@indicator
def crowded(frames: Frames) -> Figure:
    """Of the sites that have a capacity of their own; none is ever assumed."""
    found = measure.now(frames, SERVICE)
    here = found.numbers("visitors")
    told = zip(here, found.rows["properties"], strict=True) if len(found.rows) else ()
    used = [crowd.share(things.number(v), things.number(things.more(p).get("capacity"))) for v, p in told]
    kept = found.only([one is not None for one in used], "no_value")
    level = np.array([crowd.level(one) for one in used if one is not None], int)
    return kept.count(level > 0, int(level.max()) if (level > 0).any() else None)


@indicator
def visitors(frames: Frames) -> Figure:
    """The newest figure of each site; sites under the minimum cell count too, for only the sum is told."""
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("visitors").notna())
    return measure.total(told.rows, list(told.numbers("visitors")), told.left_out)


@indicator
def occupancy(frames: Frames) -> Figure:
    """Weighted by the rooms of each house."""
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("occupancy").notna())
    whole = told.only((told.numbers("rooms") > 0).to_numpy(), "no_value")
    rooms = whole.numbers("rooms")
    taken = float((whole.numbers("occupancy") * rooms).sum()) / 100
    return measure.share(whole.rows, taken, float(rooms.sum()), whole.left_out, sampled=False)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
