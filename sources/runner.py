"""Reads every source of a city at once and writes to its store: one guarded task a source.

The runner owns retry with back-off, the feed's state, the heart-beat, the cursor and the stop. All its waits run on
the monotonic clock. Each source says once that it went down and once that it is up again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from geodata.city import SourceBinding
from geodata.ending import ended
from geodata.errors import VongLauError
from geodata.store.writer import Writer
from sources._binding import adapter
from sources._door import Door
from sources._feed import Feed
from sources.base import Context, Options, Receiver, Source
from sources.http import client
from sources.intake import Intake, IntakePlan

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
        intake: IntakePlan | None = None,
        pictures: Path | None = None,
    ) -> None:
        self._door = Door(writer)
        self._bindings = tuple(bindings)
        self._secret, self._clock, self._beat_s = secret, clock, beat_s
        self._stop = asyncio.Event()
        self._plan, self._pictures = intake, pictures
        self.intake: Intake | None = None
        self.feeds: tuple[Feed, ...] = ()

    def stop(self) -> None:
        """Asks for a clean end. Safe in a signal handler of the loop."""
        self._stop.set()

    async def run(self) -> None:
        """Registers the sources, reads them until stopped. A source with wrong options is one line and is left out.

        Raises IntakeTaken, IntakeOpen, SpoolTaken, SpoolStuck when the intake that was asked for cannot be opened.
        """
        try:
            await self._run()
        finally:
            if self.intake is not None:
                await self.intake.finish()

    async def _run(self) -> None:
        async with client() as http:
            self.feeds = await self._unless_stopped(self._prepare(http)) or ()
            tasks = [asyncio.create_task(feed.run(), name=feed.binding.id) for feed in self.feeds]
            beating = asyncio.create_task(self._beat())
            log.info("reading %d sources", len(tasks))
            try:
                await self._until_stopped(tasks)
            finally:  # also when we are cancelled ourselves: nobody goes on reading behind our back
                await ended(*tasks, beating)

    async def _until_stopped(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Waits for the stop, then for the store to take what was read."""
        await self._stop.wait()
        if self.intake is not None:
            await self.intake.close()
        for feed in self.feeds:
            feed.stop()
        _, late = await asyncio.wait(tasks, timeout=LAST_S) if tasks else (set(), set[asyncio.Task[None]]())
        if late:
            log.error("stopped before the store had taken what %d sources sent last", len(late))
        for task in set(tasks) - late:
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
        await ended(task)
        return None

    async def _prepare(self, http: httpx.AsyncClient) -> tuple[Feed, ...]:
        """The intake opens before the store answers: what is sent meanwhile waits on the disk."""
        ready, wrong = [], []
        for binding in self._bindings:
            try:
                source, options = adapter(binding)
                ready.append((binding, source, options, source.receiver(options)))
            except (VongLauError, OSError) as error:  # OSError: a certificate that a receiver's door cannot read
                log.error("%s", error)  # noqa: TRY400 (one line: the traceback tells nothing more)
                wrong.append((binding, str(error)))
        if self._plan is not None:
            receivers = {binding.id: receiver for binding, _, _, receiver in ready if receiver is not None}
            self.intake = Intake(self._plan, receivers, self._secret)
            await self.intake.open()
        context = Context(http=http, clock=self._clock, secret=self._secret)
        feeds = [
            self._feed(binding, source, options, self._own(context, binding), receiver)
            for binding, source, options, receiver in ready
        ]
        await self._door.call(lambda writer: writer.register([feed.binding for feed in feeds]))
        for binding, reason in wrong:
            await self._tell(binding, reason)
        return tuple(feeds)

    def _own(self, context: Context, binding: SourceBinding) -> Context:
        folder = self._pictures / binding.id if self._pictures else None
        return replace(context, service=binding.service, memory={}, folder=folder)

    def _feed(
        self,
        binding: SourceBinding,
        source: Source[Options],
        options: Options,
        context: Context,
        receiver: Receiver | None,
    ) -> Feed:
        if self.intake is None or receiver is None:
            return Feed(binding, source, options, context, self._door)
        inbox = self.intake.inbox(binding.id)
        context = replace(context, inbox=inbox, endpoint=self.intake.endpoint(binding.id))
        return Feed(binding, source, options, context, self._door, forget=inbox.forget)

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
