"""What the sources page reads, and how often: states at each change, strips and lags seldom, shared by all sessions.

Every statement is one for the whole city but those of the chosen source. Nothing is read on the event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd
import panel as pn

from geodata.errors import VongLauError

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.store.reader import Reader
    from geodata.store.types import ServiceState, SourceState

CELLS = 96
"""Of a quarter of an hour each (look.md 4.3)."""

STATES_S, STRIP_S, LAG_S = 1, 20, 120
"""Sessions of one process share an answer for so long. The lag is a sample over the day: it need not be fresh."""


class Strip(NamedTuple):
    """24 h of one source: received and share of the time down in each cell, oldest first; received a minute now."""

    received: Sequence[int]
    down: Sequence[float]
    per_minute: float


class Lag(NamedTuple):
    """Seconds from the event to its arrival, of ``n`` rows."""

    p95_s: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The whole page but the chosen source. ``error``: why it could not be read; the rest is what was last read."""

    services: Sequence[ServiceState] = ()
    strips: Mapping[str, Strip] = field(default_factory=dict)
    lags: Mapping[str, Lag] = field(default_factory=dict)
    at: datetime
    error: str | None = None

    @property
    def sources(self) -> Sequence[SourceState]:
        return [source for service in self.services for source in service.sources]

    def find(self, source_id: str | None) -> SourceState | None:
        return next((source for source in self.sources if source.id == source_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is read for the chosen source alone. Frames as the named queries tell."""

    card: Mapping[str, Any]
    things: Mapping[str, int]
    samples: pd.DataFrame
    history: pd.DataFrame  # of today in the city


def read(reader: Reader, city: City) -> Ledger:
    """The page's state now. Raises VongLauError when the states themselves cannot be read; of what is seldom read a
    failure leaves the part empty.
    """
    services = pn.state.as_cached("sources.states", states_of, ttl=STATES_S, reader=reader, city=city.id)
    strips = pn.state.as_cached("sources.strips", strips_of, ttl=STRIP_S, reader=reader)
    lags = pn.state.as_cached("sources.lags", lags_of, ttl=LAG_S, reader=reader)
    return Ledger(services=services, strips=strips, lags=lags, at=datetime.now(UTC))


def states_of(reader: Reader, city: str) -> Sequence[ServiceState]:
    return reader.services(city)


def strips_of(reader: Reader) -> Mapping[str, Strip]:
    """By source, over the last 24 h."""
    end = datetime.now(UTC)
    frame = reader.query("ledger_strip", start=end - timedelta(hours=24), end=end, buckets=CELLS)
    columns = (frame[name] for name in ("source", "received", "down", "per_minute"))
    return {
        str(source): Strip([int(n) for n in received], [float(share) for share in down], float(rate))
        for source, received, down, rate in zip(*columns, strict=True)
    }


def lags_of(reader: Reader) -> Mapping[str, Lag]:
    """By source, of what happened in the last 24 h."""
    end = datetime.now(UTC)
    try:
        frame = reader.query("source_lag", start=end - timedelta(hours=24), end=end)
    except VongLauError:  # a sample: the page is whole without it
        return {}
    columns = (frame[name] for name in ("source", "p95_s", "n"))
    return {str(source): Lag(float(p95), int(n)) for source, p95, n in zip(*columns, strict=True)}


def story_of(reader: Reader, city: City, source_id: str) -> Story:
    """Raises VongLauError."""
    now = datetime.now(UTC)
    midnight = now.astimezone(ZoneInfo(city.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    card = reader.query("source_card", source=source_id)
    things = reader.query("source_things", source=source_id)
    return Story(
        card={} if card.empty else {str(key): value for key, value in card.iloc[0].items()},
        things={} if things.empty else {str(key): int(value) for key, value in things.iloc[0].items()},
        samples=reader.query("rejection_samples", source=source_id, limit=1),
        history=reader.query("feed_history", source=source_id, start=midnight.astimezone(UTC), end=now),
    )
