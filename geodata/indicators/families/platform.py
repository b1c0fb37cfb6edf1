"""The feeds and the ledger: how many speak, how many things are heard of, what came in, what was refused, how late."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import small_numbers
from geodata.watch import things
from geodata.watch.frames import Frames

DAY = timedelta(days=1)


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


def ledger(frames: Frames) -> pd.DataFrame:
    """What each source that ever brought anything brought in 24 hours, with ``time`` of its newest line."""
    return things.once(frames, "ledger of a day", lambda: _ledger(frames))


def _ledger(frames: Frames) -> pd.DataFrame:
    found, known = frames.ledger(DAY), frames.sources()
    if found.empty:
        return pd.DataFrame({"time": [], "source": [], "simulated": []})
    simulated = known["simulated"].reindex(found.index).eq(True) if len(known) else False
    return found.assign(
        time=pd.to_datetime(found["newest"], utc=True), source=found.index.astype(str), simulated=simulated
    )


def came(frames: Frames, column: str) -> Figure:
    """The sum of a column over all sources; n is how many they are."""
    rows = ledger(frames)
    return measure.figure(rows, float(rows[column].sum()) if len(rows) else None)


def reasons(rows: pd.DataFrame) -> dict[str, int]:
    """Why inputs were rejected, most first."""
    total: Counter[str] = Counter()
    for told in rows["rejected"] if len(rows) else ():
        total.update({str(name): int(n) for name, n in told.items()})
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


@indicator
def received(frames: Frames) -> Figure:
    return came(frames, "received")


@indicator
def stored(frames: Frames) -> Figure:
    return came(frames, "stored")


@indicator
def duplicate(frames: Frames) -> Figure:
    return came(frames, "duplicate")


@indicator
def rejected(frames: Frames) -> Figure:
    rows = ledger(frames)
    why = reasons(rows)
    return measure.figure(rows, sum(why.values()) if len(rows) else None, parts=why)


@indicator
def rejected_share(frames: Frames) -> Figure:
    """Of all that was received: no sample, so no interval."""
    rows = ledger(frames)
    why, all_ = reasons(rows), float(rows["received"].sum()) if len(rows) else 0.0
    return replace(measure.share(rows, sum(why.values()), all_, sampled=False, least=1), parts=why)


@indicator
def worst_lag(frames: Frames) -> Figure:
    """The 95th percentile of the source that is slowest for its cadence; of lost feeds nothing can be told."""
    rows, lags = connected(frames), frames.lags(DAY)
    if rows.empty:
        return measure.figure(rows, None)
    up = rows[rows["up"].astype(bool)]
    left = {"unknown": len(rows) - len(up)}
    enough = lags[lags["n"] >= small_numbers.LEAST_N] if len(lags) else pd.DataFrame({"p95_s": []})
    own = up.join(enough[["p95_s"]], how="inner")
    cadences = (own["p95_s"] / own["cadence_s"].astype(float)).dropna()
    left |= {"no_value": len(up) - len(cadences)}
    if cadences.empty:
        return measure.figure(up, None, 0, left_out=left)
    worst = own.loc[[cadences.idxmax()]]
    return measure.figure(
        worst, float(cadences.max()), len(cadences), left_out=left, numerator=float(worst["p95_s"].iloc[0]),
        denominator=float(worst["cadence_s"].iloc[0]),
    )  # fmt: skip
