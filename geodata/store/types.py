"""Values at the store's door. Frames and their columns are described in ``docs/contracts.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from geodata.records import JSON, Record, Rejected

Role = Literal["owner", "ingest", "read", "identity", "watch", "desk", "notify"]
"""Database roles: migrate, write records, read what everyone may see, read personal data too, keep findings, keep the
desk's journal, send out what findings say."""

Cursor = Mapping[str, JSON]
"""Where a source goes on from; committed with the rows it follows."""

FeedState = Literal["receiving", "late", "down", "ready"]
"""đang nhận, trễ, mất nguồn, sẵn sàng kết nối."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read of a source gave. received = len(records) + len(rejected)."""

    records: Sequence[Record]
    cursor: Cursor | None = None  # None: leaves the stored cursor alone
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """The ledger's line for one batch: received == stored + duplicate + sum(rejected.values())."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    version: int = 0  # of the service, after this batch; unchanged when nothing was stored

    def __add__(self, other: Written) -> Written:
        reasons = dict(self.rejected)
        for reason, n in other.rejected.items():
            reasons[reason] = reasons.get(reason, 0) + n
        return Written(
            self.received + other.received,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            reasons,
            max(self.version, other.version),
        )

    @property
    def closes(self) -> bool:
        return self.received == self.stored + self.duplicate + sum(self.rejected.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source as the ledger knows it. Sums run since the source was first seen."""

    id: str
    service: str
    protocol: str
    title_vi: str
    title_en: str
    simulated: bool
    state: FeedState
    since: datetime | None  # of the state
    cadence_s: float
    last_received: datetime | None
    last_error: str | None
    received: int
    stored: int
    duplicate: int
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """A service with its sources. ``state`` is the best of its sources'; ``ready`` when it has none."""

    id: str
    state: FeedState
    last_received: datetime | None
    age_s: float | None
    version: int
    sources: Sequence[SourceState]
