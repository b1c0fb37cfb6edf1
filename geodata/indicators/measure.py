"""What the indicators of several services share: what is known now, counts, shares, means, the worst.

Rows of a lost feed are in no number: they are left out and counted as ``unknown``. Things of a feed that is up and that
are silent are left out as ``silent``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from geodata.indicators import interval
from geodata.indicators.figure import Figure
from geodata.records import Observation, Quality
from geodata.rules import small_numbers
from geodata.watch import things
from geodata.watch.frames import Frames

CURRENT = ("fresh", "late")
QUARTER = timedelta(minutes=15)


def figure(rows: pd.DataFrame, value: float | None, n: int | None = None, **more: Any) -> Figure:
    """A figure that rests on these rows (columns time, source, simulated); ``left_out`` without the zeros."""
    left = {name: int(count) for name, count in (more.pop("left_out", None) or {}).items() if count}
    if rows.empty:
        return Figure(value=value, n=n or 0, left_out=left, **more)
    newest = rows["time"].max()
    return Figure(
        value=None if value is None or not np.isfinite(value) else float(value),
        n=len(rows) if n is None else n,
        newest=None if pd.isna(newest) else newest.to_pydatetime(),
        sources=sorted({str(name) for name in rows["source"].dropna().unique()}),
        simulated=bool(rows["simulated"].any()),
        left_out=left,
        **more,
    )


def parted(rows: Any) -> tuple[Any, dict[str, int]]:
    """The rows of feeds that are up, and how many are left out."""
    if rows.empty:
        return rows, {}
    down = (rows["feed"] == "down").to_numpy()
    return rows[~down], {"unknown": int(down.sum())}


def count(
    rows: pd.DataFrame, among: Any, left_out: Mapping[str, int] | None = None, level: int | None = None
) -> Figure:
    """How many of the rows are among (a mask over them, or None for all)."""
    mask = np.ones(len(rows), bool) if among is None else np.asarray(among, bool)
    return figure(rows, int(mask.sum()), left_out=left_out, level=level)


def share(
    rows: pd.DataFrame, numerator: float, denominator: float, left_out: Mapping[str, int] | None = None,
    *, sampled: bool = True, least: int = small_numbers.LEAST_N,
) -> Figure:  # fmt: skip
    """A share in per cent; None of fewer than ``least``. ``sampled``: cases that might have gone otherwise, so the
    share has an interval; the part of all beds that is in use has none.
    """
    found = small_numbers.share(numerator, denominator, least=least)
    ends = interval.wilson(numerator, denominator) if sampled and found is not None else None
    return figure(
        rows, None if found is None else 100 * found, round(denominator), left_out=left_out, numerator=numerator,
        denominator=denominator, low=None if ends is None else 100 * ends[0],
        high=None if ends is None else 100 * ends[1],
    )  # fmt: skip


def mean(rows: pd.DataFrame, values: Sequence[float], left_out: Mapping[str, int] | None = None) -> Figure:
    """A mean with Student's interval; None without a value."""
    known = [float(v) for v in values if v is not None and np.isfinite(v)]
    ends = interval.mean(known) or (None, None)
    return figure(rows, float(np.mean(known)) if known else None, len(known), left_out=left_out,
                  low=ends[0], high=ends[1])  # fmt: skip


def median(rows: pd.DataFrame, values: Sequence[float], left_out: Mapping[str, int] | None = None) -> Figure:
    """A median with the interval of its ranks; None without a value."""
    known = [float(v) for v in values if v is not None and np.isfinite(v)]
    ends = interval.median(known) or (None, None)
    return figure(rows, float(np.median(known)) if known else None, len(known), left_out=left_out,
                  low=ends[0], high=ends[1])  # fmt: skip


def recent_mean(frames: Frames, service: str, name: str, back: timedelta = QUARTER) -> Figure:
    """Mean of one property over things, each with its own mean of the last quarter of an hour: none counts twice."""
    found = frames.between(service, Observation, back)
    if found.empty:
        return figure(found, None)
    own = found[(found["observed_property"] == name) & (found["quality"] == Quality.MEASURING)]
    rows, left = parted(own[pd.to_numeric(own["result"], errors="coerce").notna()])
    each = rows.assign(result=rows["result"].astype(float)).groupby("id")["result"].mean() if len(rows) else []
    return mean(rows, list(each), left)


def most(rows: pd.DataFrame, values: Sequence[float], left_out: Mapping[str, int] | None = None) -> Figure:
    """The largest of the values; None without one."""
    known = [float(v) for v in values if v is not None and np.isfinite(v)]
    return figure(rows, max(known) if known else None, len(known), left_out=left_out)


def total(rows: pd.DataFrame, values: Sequence[float], left_out: Mapping[str, int] | None = None) -> Figure:
    """The sum of the values; None without one."""
    known = [float(v) for v in values if v is not None and np.isfinite(v)]
    return figure(rows, sum(known) if known else None, len(known), left_out=left_out)


@dataclass(frozen=True, slots=True)
class Now:
    """The things of a service that are heard of in time: ``rows`` (index id) and their newest results."""

    rows: pd.DataFrame
    left_out: Mapping[str, int]
    results: Mapping[str, Mapping[str, float | str]]

    def numbers(self, name: str) -> pd.Series[float]:
        """Newest numbers of one observed property by thing, NaN where there is none."""
        told = [things.number(self.results.get(str(key), {}).get(name)) for key in self.rows.index]
        return pd.Series([np.nan if v is None else v for v in told], self.rows.index, dtype=float)

    def words(self, name: str) -> pd.Series[Any]:
        """Newest words of one observed property by thing, None where there is none."""
        told = [self.results.get(str(key), {}).get(name) for key in self.rows.index]
        return pd.Series([v if isinstance(v, str) else None for v in told], self.rows.index, dtype=object)

    def telling(self, name: str) -> Now:
        """Those that tell a number of that property; the rest is left out."""
        return self.only(self.numbers(name).notna().to_numpy(), "no_value")

    def only(self, mask: Any, because: str | None = None) -> Now:
        """Those of the mask; the rest is left out for that reason, or is not spoken of."""
        kept = self.rows[np.asarray(mask, bool)]
        left = dict(self.left_out)
        if because is not None:
            left[because] = left.get(because, 0) + len(self.rows) - len(kept)
        return replace(self, rows=kept, left_out=left)

    def count(self, mask: Any = None, level: int | None = None) -> Figure:
        return count(self.rows, mask, self.left_out, level)

    def share(self, mask: Any, *, sampled: bool = False) -> Figure:
        """How many of the things, of all that are heard of."""
        top = int(np.asarray(mask, bool).sum())
        return share(self.rows, top, len(self.rows), self.left_out, sampled=sampled)


def now(frames: Frames, service: str, kept: Callable[[pd.DataFrame], Any] | None = None) -> Now:
    """What of the service is heard of in time; ``kept`` chooses among its things, all states of them."""
    if kept is None:
        return things.once(frames, f"now {service}", lambda: _now(frames, service, None))
    return _now(frames, service, kept)


def _heard(frames: Frames, service: str) -> pd.DataFrame:
    """As ``things.heard``; where nobody listened yet, nothing was silent: a past that was loaded from recordings may
    hold a thing's results at any distance, so of a source that was first connected later its things are unknown.
    """
    found, sources = things.heard(frames, service), frames.sources()
    if found.empty or sources.empty:
        return found
    deaf = found["source"].isin(sources.index[sources["up"].isna()]) & (found["state"] == "silent")
    return found.assign(state=found["state"].mask(deaf, "unknown")) if deaf.any() else found


def _now(frames: Frames, service: str, kept: Callable[[pd.DataFrame], Any] | None) -> Now:
    found = _heard(frames, service)
    if kept is not None and len(found):
        found = found[np.asarray(kept(found), bool)]
    state = found["state"] if len(found) else pd.Series(dtype=object)
    left = {name: int((state == name).sum()) for name in ("unknown", "silent")}
    rows = found[state.isin(CURRENT)] if len(found) else found.assign(time=[], simulated=[])
    return Now(rows, left, things.results(frames, service))


def silent(frames: Frames, service: str) -> Figure:
    """How many of a service's things are not heard of in time while their feed is up."""
    found = _heard(frames, service)
    if found.empty:
        return figure(found, 0)
    known = found[found["state"] != "unknown"]
    return count(known, known["state"] == "silent", {"unknown": len(found) - len(known)})


def reporting(frames: Frames, service: str, kept: Callable[[pd.DataFrame], Any] | None = None) -> Figure:
    """The share of a service's things that were heard of in time; those of lost feeds are left out, silent ones are
    not: they are what is counted.
    """
    found = now(frames, service, kept)
    silent = found.left_out["silent"]
    return share(
        found.rows, len(found.rows), len(found.rows) + silent, {"unknown": found.left_out["unknown"]}, sampled=False,
        least=1,
    )  # fmt: skip


def pooled(frames: Frames, service: str, name: str, kept: Callable[[pd.DataFrame], Any] | None = None) -> Figure:
    """A rate that bodies tell with the number it is of: numerators and denominators of the newest together."""
    latest = frames.latest(service, Observation)
    if latest.empty:
        return Figure()
    own = latest[(latest["observed_property"] == name) & (latest["quality"] == Quality.MEASURING)]
    rows, left = parted(own if kept is None else own[np.asarray(kept(own), bool)])
    if rows.empty:
        return figure(rows, None, left_out=left)
    whole = rows[rows["denominator"].notna() & rows["numerator"].notna()]
    top, of = small_numbers.pooled(
        zip(whole["numerator"].astype(float), whole["denominator"].astype(float), strict=True)
    )
    return share(whole, top, of, left | {"no_value": len(rows) - len(whole)})
