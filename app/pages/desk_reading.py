"""What the desk reads: the queue, one finding's life and evidence, what was closed in the shift, its own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from geodata.catalogue import services
from geodata.watch.frames import NOT_WATCHED, Watched, watched

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.store.reader import Reader

EVIDENCE = timedelta(hours=18)
BUCKETS = 72
SERIES_TRIED = 4


@dataclass(frozen=True, slots=True)
class Evidence:
    """The thing's own record over its source's health. ``times``: its rows, ``values`` beside them or none.

    ``received`` and ``down``: of the source, in ``BUCKETS`` equal parts of the window; empty when no source is named.
    ``path``: where a moving thing was at those times, lon and lat in degrees (EPSG:4326).
    """

    start: datetime
    end: datetime
    times: Sequence[float] = ()
    values: Sequence[float] = ()
    unit: str | None = None
    source: str = ""
    received: Sequence[int] = ()
    down: Sequence[float] = ()
    path: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One finding: its row of the queue, its life, its evidence."""

    row: Mapping[str, Any]
    life: pd.DataFrame
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Queue:
    """``rows``: the inbox (contracts.md 15). ``error``: the store is away, and this is how it was at ``at``."""

    at: datetime
    shift: datetime
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    ended: pd.DataFrame = field(default_factory=pd.DataFrame)
    acts: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    connected: bool = True
    read: bool = False
    watched: Watched = NOT_WATCHED

    @property
    def blind(self) -> bool:
        """Whether no watch looks, or there is nothing to look at: what is new is in no queue."""
        return self.read and (self.watched.looks is False or not self.connected)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def queue(reader: Reader, city: City, at: datetime) -> Queue:
    """Raises StoreGone."""
    shift = city.desk.began(at, city.timezone)
    since = at - timedelta(days=1)
    rows = reader.query("inbox", end=at)
    found = reader.query("findings", start=shift, end=at)
    ended = found[found["close_noticed_at"].notna() & (found["close_noticed_at"] > pd.Timestamp(shift))]
    states = reader.services(city.id)
    return Queue(
        at=at,
        shift=shift,
        rows=rows,
        ended=ended.sort_values("close_noticed_at", ascending=False),
        acts=reader.query("shift_acts", start=since, end=at, limit=2000),
        sources={s.id: s.title_vi for state in states for s in state.sources},
        connected=any(state.state != "ready" for state in states),
        read=True,
        watched=watched(reader, at),
    )


def begun(row: Mapping[str, Any], at: datetime) -> Case:
    """A finding of which the row alone is read yet."""
    return Case(row, pd.DataFrame(columns=["time", "who", "what", "level", "detail"]), Evidence(at - EVIDENCE, at))


def case(reader: Reader, row: Mapping[str, Any], at: datetime) -> Case:
    """Raises StoreGone."""
    return Case(row, reader.query("finding_life", id=int(row["id"])), evidence(reader, row, at))


def evidence(reader: Reader, row: Mapping[str, Any], at: datetime) -> Evidence:
    """From the first row that the finding rests on."""
    start, rests = at - EVIDENCE, list(row["rows"])
    if not rests:
        return Evidence(start, at)
    first = rests[0]
    service, kind, key = str(first["service"]), str(first["kind"]), str(first["id"])
    source = str(first.get("source") or (key if kind == "Source" else ""))
    times, values, unit, path = _own(reader, service, kind, key, start, at)
    received, down = _health(reader, source, start, at)
    return Evidence(start, at, times, values, unit, source, received, down, path)


def _own(
    reader: Reader, service: str, kind: str, key: str, start: datetime, end: datetime
) -> tuple[Sequence[float], Sequence[float], str | None, Sequence[tuple[float, float]]]:
    if kind == "Position":
        found = reader.query("track", service=service, thing_id=key, start=start, end=end)
        return _epoch(found["time"]), (), None, list(zip(found["lon"], found["lat"], strict=True))
    known = services().get(service)
    if kind in {"Observation", "Thing"} and known is not None:
        for measured in known.observed_properties[:SERIES_TRIED]:
            found = reader.query(
                "thing_series", service=service, thing_id=key, observed_property=measured.id, start=start, end=end
            )
            found = found[pd.to_numeric(found["result"], errors="coerce").notna()]
            if len(found):
                return _epoch(found["time"]), found["result"].astype(float).tolist(), measured.unit, ()
    return (), (), None, ()


def _health(reader: Reader, source: str, start: datetime, end: datetime) -> tuple[Sequence[int], Sequence[float]]:
    if not source:
        return (), ()
    strips = reader.query("ledger_strip", start=start, end=end, buckets=BUCKETS)
    own = strips[strips["source"] == source]
    if own.empty:
        return (), ()
    return [int(n) for n in own["received"].iloc[0]], [float(s) for s in own["down"].iloc[0]]


def _epoch(times: pd.Series[Any]) -> list[float]:
    return [float(t.timestamp()) for t in times]
