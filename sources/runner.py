"""Reads every source of a city at once and writes to its store: one guarded task a source.

The runner owns retry with back-off, the feed's state, the heart-beat, the cursor and the stop. All its waits run on
the monotonic clock. Each source says once that it went down and once that it is up again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import httpx

from geodata.city import SourceBinding
from geodata.errors import VongLauError
from geodata.store.writer import Writer
from sources._binding import adapter
from sources._door import Door
from sources._feed import Feed
from sources.base import Context
from sources.http import client

log = logging.getLogger("vonglau.ingest")

BEAT_S = 15.0
LAST_S = 15.0
"""So long a stop waits for the store to take what was read."""


class Runner:
    """``run`` returns after ``stop`` once everything read is stored, or ``LAST_S`` later."""

    def __init__(
        self,
        writer: Writer,
        bindings: Sequence[SourceBinding],
        *,
        secret: Callable[[str], str | None] = lambda name: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        beat_s: float = BEAT_S,
    ) -> None:
        self._door = Door(writer)
        self._bindings = tuple(bindings)
        self._secret, self._clock, self._beat_s = secret, clock, beat_s
        self._stop = asyncio.Event()
        self.feeds: tuple[Feed, ...] = ()

    def stop(self) -> None:
        """Asks for a clean end. Safe in a signal handler of the loop."""
        self._stop.set()

    async def run(self) -> None:
        """Registers the sources, reads them until stopped. A source with wrong options is one line and is left out."""
        async with client() as http:
            self.feeds = await self._unless_stopped(self._prepare(http)) or ()
            tasks = [asyncio.create_task(feed.run(), name=feed.binding.id) for feed in self.feeds]
            beating = asyncio.create_task(self._beat())
            log.info("reading %d sources", len(tasks))
            await self._stop.wait()
            for feed in self.feeds:
                feed.stop()
            _, late = await asyncio.wait(tasks, timeout=LAST_S) if tasks else (set(), set[asyncio.Task[None]]())
            for task in (*late, beating):
                task.cancel()
            await asyncio.gather(*late, beating, return_exceptions=True)
            if late:
                log.error("stopped before the store had taken what %d sources sent last", len(late))
            for task in tasks:
                if not task.cancelled() and (error := task.exception()):
                    log.error("source %s ended", task.get_name(), exc_info=error)

    async def _unless_stopped(self, work: Coroutine[object, object, tuple[Feed, ...]]) -> tuple[Feed, ...] | None:
        """The work's result; None when the stop came first (the store may be away for long)."""
        task = asyncio.create_task(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            return task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return None

    async def _prepare(self, http: httpx.AsyncClient) -> tuple[Feed, ...]:
        feeds, wrong = [], []
        for binding in self._bindings:
            try:
                source, options = adapter(binding)
            except VongLauError as error:
                log.error("%s", error)  # noqa: TRY400 (one line: the traceback tells nothing more)
                wrong.append((binding, str(error)))
                continue
            context = Context(http=http, clock=self._clock, secret=self._secret, service=binding.service)
            feeds.append(Feed(binding, source, options, context, self._door))
        await self._door.call(lambda writer: writer.register([feed.binding for feed in feeds]))
        for binding, reason in wrong:
            await self._tell(binding, reason)
        return tuple(feeds)

    async def _tell(self, binding: SourceBinding, reason: str) -> None:
        """Shows a source that cannot be read among the others, when its service is one that the store knows."""
        try:
            await self._door.call(lambda writer: writer.register([binding]))
            await self._door.call(lambda writer: writer.state(binding.id, False, reason))
        except VongLauError as error:
            log.error("source %s: %s", binding.id, error)  # noqa: TRY400 (one line)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            alive = [feed.binding.id for feed in self.feeds if feed.up]
            if alive:
                try:
                    await self._door.call(lambda writer, alive=alive: writer.beat(alive))  # type: ignore[misc]
                except VongLauError as error:
                    log.error("no heart-beat: %s", error)  # noqa: TRY400 (one line)
