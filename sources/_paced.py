"""Recordings handed over as they came: what arrived by an instant is stored by then, in the order of arrival.

So a day can be watched again, by hand (a clock that a test moves) or at a multiple of real time (``PacedClock``).
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geodata.records import Record, Rejected
from geodata.store.types import Written
from geodata.store.writer import Writer
from sources._binding import replay_options
from sources.base import protocol
from sources.recording import ROWS, FeedWord, Recording, batch, rows

TICK_S = 0.25
"""So often what is due is handed over: a batch a source, as a poll would bring it."""

Piece = tuple[datetime, str, Record | Rejected | FeedWord]
"""Arrival, source, and what came."""


@dataclass(frozen=True, slots=True)
class PacedClock:
    """From ``start`` on, ``speed`` times as fast as real time; ``now()`` aware UTC."""

    start: datetime
    speed: float
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.monotonic() - self._began) * self.speed)


class Paced:
    """The recordings of a folder, merged by arrival. Register their sources before the first ``until``."""

    def __init__(self, writer: Writer, folder: Path, found: Sequence[Recording]) -> None:
        self._writer = writer
        self._coming = heapq.merge(*(_pieces(folder, entry) for entry in found), key=lambda piece: piece[0])
        self._next: Piece | None = next(self._coming, None)
        self.written = Written()

    @property
    def next_arrival(self) -> datetime | None:
        """When the next piece is due; None when all is handed over."""
        return self._next[0] if self._next else None

    async def until(self, moment: datetime) -> None:
        """Stores everything that came by then."""
        due: dict[str, list[Record | Rejected]] = {}
        while self._next is not None and self._next[0] <= moment:
            arrival, source, piece = self._next
            self._next = next(self._coming, None)
            if isinstance(piece, FeedWord):
                await self._writer.past_states(source, [(arrival, piece.up, piece.error)])
                continue
            due.setdefault(source, []).append(piece)
            if len(due[source]) >= ROWS:
                self.written += await self._writer.write(source, batch(due.pop(source)))
        for source, some in due.items():
            self.written += await self._writer.write(source, batch(some))

    async def follow(self, clock: PacedClock, end: datetime | None = None) -> None:
        """Hands over what is due until the clock is past ``end``, or past the last piece."""
        while self._next is not None and (end is None or clock.now() < end):
            await self.until(clock.now())
            await asyncio.sleep(TICK_S)


async def register(writer: Writer, found: Sequence[Recording]) -> None:
    await writer.register([entry.source for entry in found])


def _pieces(folder: Path, entry: Recording) -> Iterator[Piece]:
    """One source's rows and words in the order of arrival; a row that does not know when it came came with the last."""
    source = protocol(entry.source.protocol)
    options = replay_options(source, entry.source.options, entry.source.service)
    words = iter([(word.t.astimezone(UTC), entry.source.id, word) for word in entry.states])
    return heapq.merge(words, _rows(entry, rows(source, options, [folder / name for name in entry.files])),
                       key=lambda piece: piece[0])  # fmt: skip


def _rows(entry: Recording, found: Iterator[Record | Rejected]) -> Iterator[Piece]:
    arrival = datetime.min.replace(tzinfo=UTC)
    for row in found:
        arrival = max(arrival, row.received_at or arrival)
        yield arrival, entry.source.id, row
