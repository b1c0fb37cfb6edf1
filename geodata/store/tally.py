"""The ledger's lines of one batch: every record that came in, by the minute of its arrival and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from geodata.records import Record, Rejected
from geodata.store.types import Written

Outcome = tuple[datetime, int, int, list[int]]
"""Minute, stored, duplicates, positions of the records in conflict."""


@dataclass(slots=True)
class Line:
    stored: int = 0
    duplicate: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def received(self) -> int:
        return self.stored + self.duplicate + self.rejected.total()


@dataclass(slots=True)
class Tally:
    """``clock`` is the arrival of whatever does not know its own."""

    clock: datetime
    lines: dict[datetime, Line] = field(default_factory=dict)
    kept: list[Rejected] = field(default_factory=list)

    def _line(self, minute: datetime) -> Line:
        return self.lines.setdefault(minute, Line())

    def merged(self, outcomes: Iterable[Outcome]) -> None:
        for minute, stored, duplicate, _ in outcomes:
            line = self._line(minute)
            line.stored += stored
            line.duplicate += duplicate

    def reject(self, rejected: Iterable[Rejected]) -> None:
        for one in rejected:
            moment = one.received_at or self.clock
            self._line(moment.replace(second=0, microsecond=0)).rejected[one.reason] += 1
            if one.payload is not None:
                self.kept.append(one)

    def written(self, version: int) -> Written:
        reasons: Counter[str] = sum((line.rejected for line in self.lines.values()), Counter())
        return Written(
            received=sum(line.received for line in self.lines.values()),
            stored=sum(line.stored for line in self.lines.values()),
            duplicate=sum(line.duplicate for line in self.lines.values()),
            rejected=dict(reasons),
            version=version,
        )


def last_arrival(records: Sequence[Record | Rejected], clock: datetime) -> datetime | None:
    """The latest arrival in a batch; None for an empty one."""
    return max((r.received_at or clock for r in records), default=None)
