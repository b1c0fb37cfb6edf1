"""What a rule says of one thing at one instant: it fires, it holds, it cannot be told, or it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from geodata.records import JSON


@dataclass(frozen=True, slots=True)
class Row:
    """A stored row that a finding rests on. ``kind`` is the record's class name, ``time`` the row's own."""

    service: str
    kind: str
    id: str
    time: datetime | None = None
    source: str | None = None

    def as_json(self) -> dict[str, JSON]:
        time = self.time.isoformat() if self.time else None
        return {"service": self.service, "kind": self.kind, "id": self.id, "time": time, "source": self.source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fires:
    """The condition is met. ``key``: of what, unique within the rule; the finding's identity.

    ``since``: when the condition began by the rows' own times (not when it was noticed), aware UTC. ``level`` 1 to 5 of
    the one ramp (5 comes from an official text alone), None for the rule's own. ``confidence`` 0 to 1, None where the
    rows leave no doubt. ``geometry`` in EPSG:4326. ``facts``: what the rule's words speak of (numbers in the units that
    the rule's file names, ISO times, words).
    """

    key: str
    since: datetime
    level: int | None = None
    confidence: float | None = None
    geometry: BaseGeometry | None = None
    facts: Mapping[str, JSON] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """Between the value that opens and the value that closes: an open finding stays, none is opened."""

    key: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Cannot be told, as its feed is down: an open finding stays and says so, none is opened."""

    key: str
    cause: str = "feed"


@dataclass(frozen=True, slots=True)
class Over:
    """The rows tell when it ended: late rows close a finding backward, at their own time."""

    key: str
    at: datetime


Sign = Fires | Holds | Unknown | Over
