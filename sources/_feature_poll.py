"""One poll of a feature service: each collection read whole, compared with what it held before."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field

from geodata.records import Event, Feature, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._feature_rules import Row
from sources._feature_snapshots import Snapshot
from sources.base import Context, Garbled

ROWS_AT_ONCE = 2_000
MAX_FEATURES = 300_000


@dataclass(slots=True)
class Whole:
    """All of one collection. ``complete``: nothing that the server has is missing."""

    collection: str  # as we call it
    rows: list[Row] = field(default_factory=list)
    complete: bool = True

    def add(self, rows: Iterator[Row], endpoint: str, protocol: str) -> int:
        """How many came. Raises Garbled for a collection without end."""
        before = len(self.rows)
        self.rows += rows
        if len(self.rows) > MAX_FEATURES:
            reason = f"more than {MAX_FEATURES} features in {self.collection}"
            raise Garbled(endpoint=endpoint, protocol=protocol, reason=reason)
        return len(self.rows) - before


@dataclass(slots=True)
class Differences:
    """Hands on what changed since the last reading of each collection."""

    context: Context
    cursor: Cursor | None
    endpoint: str
    protocol: str

    async def of(self, whole: Whole) -> AsyncGenerator[Batch, None]:
        """The rows of one reading that the store does not know, some thousand at a time. Raises Garbled."""
        now = self.context.clock()
        features = [row for row in whole.rows if isinstance(row, Feature)]
        rejected = [row for row in whole.rows if isinstance(row, Rejected)]
        events = [row for row in whole.rows if isinstance(row, Event)]
        snapshot = self._snapshot(whole.collection)
        if whole.complete and snapshot.is_doubtful(len(features)):
            reason = f"{whole.collection} has {len(features)} features of {snapshot.alive()}; it is asked once more"
            raise Garbled(endpoint=self.endpoint, protocol=self.protocol, reason=reason)
        # a feature that is there and cannot be read is not gone
        complete = whole.complete and not rejected
        changed = list(snapshot.changes(features, now, complete=complete))
        snapshot.save(self.context.folder)
        done = dict(self._read) | {whole.collection: now.isoformat()}
        rows: list[Record] = [*self._fresh(events), *changed]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            yield Batch(some, None, rejected if start == 0 else ())
        self.context.memory["read"] = done
        yield Batch((), {"read": done}, () if rows else rejected)

    @property
    def _read(self) -> dict[str, object]:
        stored = self.context.memory.get("read") or (self.cursor or {}).get("read")
        return dict(stored) if isinstance(stored, dict) else {}

    def _snapshot(self, collection: str) -> Snapshot:
        """That of this run, else that of the disk if the store knows the collection, else a first one."""
        known: dict[str, Snapshot] = self.context.memory.setdefault("snapshots", {})
        if collection not in known:
            known[collection] = Snapshot.load(collection, self.context.folder, self._read.get(collection))
        return known[collection]

    def _fresh(self, events: list[Event]) -> Iterator[Event]:
        """Events that this run has not handed on as they are."""
        seen: dict[str, int] = self.context.memory.setdefault("events", {})
        for event in events:
            mark = hash(repr(event))
            if seen.get(event.id) != mark:
                seen[event.id] = mark
                yield event
