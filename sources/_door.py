"""The store's door for the runner: one writer for all sources, and patience while the database is away."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import tenacity

from geodata.records import Rejected
from geodata.store.errors import CannotConnect, DiskFull
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer

log = logging.getLogger("vonglau.ingest")

T = TypeVar("T")
AWAY = (CannotConnect, DiskFull)


class Door:
    """Every call waits for the database as long as it takes. Any number of tasks may call."""

    def __init__(self, writer: Writer, *, longest_s: float = 10.0) -> None:
        self._writer = writer
        self._away = False
        self._wait = tenacity.wait_exponential(0.2, longest_s) + tenacity.wait_random(0, 0.2)

    async def call(self, action: Callable[[Writer], Awaitable[T]]) -> T:
        """The action's result, after as many tries as it takes; one line when the store goes, one when it is back."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(AWAY), wait=self._wait, before_sleep=self._told
        )
        async for attempt in retrying:
            with attempt:
                found = await action(self._writer)
                if self._away:
                    self._away = False
                    log.warning("the store is back")
                return found
        raise AssertionError  # the loop above ends by return or raise

    def _told(self, state: tenacity.RetryCallState) -> None:
        if not self._away and state.outcome is not None:
            self._away = True
            log.warning("the store is away, reading waits: %s", state.outcome.exception())

    async def write(self, source_id: str, batch: Batch) -> Written:
        """Stores a batch. A record that the store cannot take is found by halving, and kept as ``unwritable``."""
        with suppress(Exception):  # what two writers did to each other is gone the second time
            return await self.call(lambda writer: writer.write(source_id, batch))
        try:
            return await self.call(lambda writer: writer.write(source_id, batch))
        except Exception:
            if not batch.records:
                raise
            log.exception("source %s: a batch of %d cannot be stored whole", source_id, len(batch.records))
            return await self._halved(source_id, batch)

    async def _halved(self, source_id: str, batch: Batch) -> Written:
        """The rows one half after the other; the cursor goes with the last."""
        if len(batch.records) == 1:
            refused = Rejected(reason="unwritable", payload=repr(batch.records[0]).encode()[:65536])
            last = Batch((), batch.cursor, (*batch.rejected, refused))
            return await self.call(lambda writer: writer.write(source_id, last))
        middle = len(batch.records) // 2
        halves = (
            Batch(batch.records[:middle]),
            Batch(batch.records[middle:], batch.cursor, batch.rejected),
        )
        total = Written()
        for half in halves:
            try:
                total += await self.call(lambda writer, half=half: writer.write(source_id, half))  # type: ignore[misc]
            except Exception:  # noqa: BLE001 (which row it is, is what we look for)
                total += await self._halved(source_id, half)
        return total
