"""The feeds themselves: how many speak, how many things of the city are heard of."""

from __future__ import annotations

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch import things
from geodata.watch.frames import Frames


def connected(frames: Frames) -> pd.DataFrame:
    """The sources that were connected by then, with ``time``: since when they are what they are."""
    found = frames.sources()
    if found.empty:
        return pd.DataFrame({"time": [], "source": [], "simulated": [], "up": []})
    since = pd.to_datetime(found["since"], utc=True)
    own = found.assign(time=since, source=found.index.astype(str))
    return own[own["up"].notna() & ~(since > pd.Timestamp(frames.at))]


@indicator
def feeds_down(frames: Frames) -> Figure:
    rows = connected(frames)
    return measure.count(rows, None if rows.empty else ~rows["up"].astype(bool))


@indicator
def feeds_up(frames: Frames) -> Figure:
    rows = connected(frames)
    good = int(rows["up"].astype(bool).sum()) if len(rows) else 0
    return measure.share(rows, good, len(rows), sampled=False, least=1)


@indicator
def reporting(frames: Frames) -> Figure:
    """Things of all services that measure; buses and vessels have clocks of their own and are not among them."""
    parts, silent, unknown = [], 0, 0
    for service in things.telling(frames.city.catalogue()):
        if service in {"buses", "fishing_vessels"}:
            continue
        found = measure.now(frames, service)
        silent, unknown = silent + found.left_out["silent"], unknown + found.left_out["unknown"]
        if len(found.rows):
            parts.append(found.rows[["time", "source", "simulated"]])
    rows = pd.concat(parts) if parts else pd.DataFrame({"time": [], "source": [], "simulated": []})
    return measure.share(rows, len(rows), len(rows) + silent, {"unknown": unknown}, sampled=False, least=1)
