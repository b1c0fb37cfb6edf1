"""One source under the runner's guard: read, wait, read again; a bounded row of batches between wire and store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import tenacity

from geodata.catalogue import service
from geodata.city import SourceBinding
from geodata.ending import ended
from geodata.store.types import Batch, Cursor
from sources._door import Door
from sources.base import Context, Options, Source, SourceError, Unreachable

log = logging.getLogger("vonglau.ingest")

WAITING = 8
"""Batches read and not yet stored; when the store is away the wire is left alone beyond it."""

GRACE_S = 1.5
"""A stream hands over what it holds at least once a second: so long a stop waits for it."""

STALL_S = 120.0
SETTLED_S = 30.0
"""A stream that lived so long begins its back-off anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """The feed went up or down; takes its turn among the batches, so that rows and states keep their order."""

    up: bool
    error: str | None = None


class Feed:
    """Reads one source until it is told to stop. ``up`` is None until the first answer or failure."""

    def __init__(
        self,
        binding: SourceBinding,
        source: Source[Options],
        options: Options,
        context: Context,
        door: Door,
        *,
        forget: Callable[[int], None] | None = None,
    ) -> None:
        self.binding = binding
        self.up: bool | None = None
        self._source, self._options, self._context, self._door = source, options, context, door
        self._forget = forget  # of the inbox, for what the store has
        self._queue: asyncio.Queue[Batch | Change | None] = asyncio.Queue(WAITING)
        self._stop = asyncio.Event()
        self._cursor: Cursor | None = None
        self._failures = 0
        self._down_since = 0.0
        self._wait = tenacity.wait_exponential(1, 30) + tenacity.wait_random(0, 1)

    @property
    def stall_s(self) -> float:
        """Longest silence of a stream: its cadence, two minutes at least."""
        return max(STALL_S, self.binding.cadence_s or service(self.binding.service).cadence_s)

    def stop(self) -> None:
        """Asks for an end; ``run`` returns once everything that was read is stored."""
        self._stop.set()

    async def run(self) -> None:
        """Never raises but when cancelled; a bug in an adapter is logged and tried again like a failure."""
        writing = asyncio.create_task(self._write(), name=f"write {self.binding.id}")
        try:
            self._cursor = await self._door.call(lambda writer: writer.cursor(self.binding.id))
            self._context.memory["stored"] = self._cursor
            self._committed(self._cursor)  # what was stored before a kill and not yet forgotten
            while not self._stop.is_set():
                await self._attempt()
            await self._queue.put(None)
            await writing
        finally:
            await ended(writing)

    async def _attempt(self) -> None:
        """One poll with the wait after it, or one connection with the back-off after it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        poll_s = self._source.poll_s(self._options)
        try:
            await self._session(poll_s)
            if poll_s is None and not self._stop.is_set():
                raise Unreachable(endpoint=self.binding.id, reason="the stream ended")  # noqa: TRY301 (as if it had said so)
        except SourceError as error:
            await self._went_down(str(error))
        except Exception as error:
            log.exception("source %s: a mistake in the adapter %s", self.binding.id, self.binding.protocol)
            self._context.memory.clear()
            self._context.memory["stored"] = None
            await self._went_down(f"{type(error).__name__} in the adapter {self.binding.protocol}")
        else:
            self._failures = 0
            await self._sleep(poll_s or 0)
            return
        self._failures = 1 if loop.time() - began > SETTLED_S else self._failures + 1
        await self._sleep(self._pause_s())

    def _pause_s(self) -> float:
        state = tenacity.RetryCallState(tenacity.AsyncRetrying(), None, (), {})
        state.attempt_number = self._failures
        return self._wait(state)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _session(self, poll_s: float | None) -> None:
        """Puts every batch into the row. Raises SourceError when the source fails or says nothing readable."""
        iterator = self._source.batches(self._options, self._context, self._cursor)
        loop = asyncio.get_running_loop()
        good = loop.time()
        try:
            while (batch := await self._next(iterator, good + self.stall_s - loop.time())) is not None:
                if is_good(batch):
                    good = loop.time()
                    await self._went_up()
                self._cursor = batch.cursor or self._cursor
                if batch.records or batch.rejected or batch.cursor:
                    await self._queue.put(batch)
                if self._stop.is_set():  # that was what the stream still held; a busy one would go on for ever
                    break
        finally:
            await iterator.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators
        if poll_s is not None and not self._stop.is_set():
            await self._went_up()

    async def _next(self, iterator: AsyncIterator[Batch], within_s: float) -> Batch | None:
        """The next batch; None at the end of the source or of our time."""
        getting = asyncio.ensure_future(anext(iterator, None))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({getting, stopping}, timeout=max(within_s, 0), return_when=asyncio.FIRST_COMPLETED)
            if not getting.done() and self._stop.is_set():
                await asyncio.wait({getting}, timeout=GRACE_S)
            if getting.done():
                return getting.result()
            if self._stop.is_set():
                return None
            raise Unreachable(endpoint=self.binding.id, reason=f"nothing readable for {self.stall_s:.0f} s")
        finally:
            stopping.cancel()
            if not getting.done():
                await ended(getting)

    async def _went_up(self) -> None:
        if self.up:
            return
        loop = asyncio.get_running_loop()
        if self.up is None:
            log.info("source %s is up", self.binding.id)
        else:
            log.warning("source %s is up again after %.0f s", self.binding.id, loop.time() - self._down_since)
        self.up = True
        await self._queue.put(Change(up=True))

    async def _went_down(self, reason: str) -> None:
        if self.up is False:
            return
        self.up, self._down_since = False, asyncio.get_running_loop().time()
        log.warning("source %s is down: %s", self.binding.id, reason)
        await self._queue.put(Change(up=False, error=reason))

    async def _write(self) -> None:
        """Stores what was read, in order, until None comes."""
        while (item := await self._queue.get()) is not None:
            try:
                if isinstance(item, Change):
                    await self._state(item)
                else:
                    await self._door.write(self.binding.id, item)
                    self._committed(item.cursor)
            except Exception:
                log.exception("source %s: the store refuses", self.binding.id)

    def _committed(self, cursor: Cursor | None) -> None:
        """The batch of this cursor is in the store: ``memory["stored"]`` tells an adapter that acknowledges on its own
        wire, and the inbox forgets the messages up to the cursor's ``inbox``.
        """
        if cursor is not None:
            self._context.memory["stored"] = cursor
        number = (cursor or {}).get("inbox")
        if self._forget is not None and isinstance(number, int):
            self._forget(number)

    async def _state(self, change: Change) -> None:
        await self._door.call(lambda writer: writer.state(self.binding.id, change.up, change.error))


def is_good(batch: Batch) -> bool:
    """Whether the source speaks sense: something was read, or nothing but what is not for us."""
    return bool(batch.records) or all(row.payload is None for row in batch.rejected)
