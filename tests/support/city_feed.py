"""One simulated feed on a host of its own, read by the project's adapters as the ingest does."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from geodata.records import Record
from geodata.store.types import Cursor
from sources._binding import adapter
from sources.base import Context
from sources.http import client
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feed import feeds
from sources.simulator.host import Host
from sources.simulator.town import Town


@dataclass
class Polled:
    """Polls of one source that share memory and cursor, as under the runner. ``options`` replace the binding's."""

    binding: SourceBinding
    folder: Path | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    cursor: Cursor | None = None
    rejected: Counter[str] = field(default_factory=Counter)

    async def poll(self, **options: Any) -> list[Record]:
        """What one poll brought; what was rejected is counted. Raises SourceError."""
        binding = self.binding.model_copy(update={"options": {**self.binding.options, **options}})
        source, chosen = adapter(binding)
        found: list[Record] = []
        async with client() as http:
            context = Context(http=http, service=binding.service, memory=self.memory, folder=self.folder)
            async for batch in source.batches(chosen, context, self.cursor):
                found += batch.records
                self.rejected.update(row.reason for row in batch.rejected)
                self.cursor = batch.cursor or self.cursor
        now = datetime.now(UTC)
        return [replace(row, received_at=now) for row in found]


@dataclass
class Open:
    """The open feed. ``sources`` by id; ``switch("a=outage")`` and ``clear()`` are the faults."""

    host: Host
    sources: dict[str, Polled]

    def switch(self, text: str) -> None:
        self.host.faults.switch_on(text, self.host.now())

    def clear(self) -> None:
        self.host.faults.switch_off("all")


@asynccontextmanager
async def open_feed(
    name: str, town: Town, folder: Path, clock: SimulatedClock | None = None, data: Path | None = None
) -> AsyncIterator[Open]:
    """Serve the feed of ``sources/simulator/feeds/NAME.py`` until the block ends; ``data`` is of a private cluster."""
    feed = feeds()[name]
    faults = Faults([binding.id for binding in feed.sources(town)])
    host = Host(clock or SimulatedClock(), faults, folder / "city", data=data)
    host.folder.mkdir(parents=True, exist_ok=True)
    bindings = await feed.open(town, host)
    tasks = host.start()
    try:
        yield Open(host, {one.id: Polled(one, folder / "data" / one.id) for one in bindings})
    finally:
        await host.close()
        for task in tasks:
            if not task.cancelled():
                task.result()
