"""The spool of the intake: messages on disk before their senders are answered, forgotten once they are in the store.

One SQLite file, one thread that owns it. All that waits for the disk at one moment is written in one transaction, so
that many senders share one flush.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.errors import VongLauError
from sources import _inbox_file as disk
from sources.base import Received

log = logging.getLogger("vonglau.ingest")

AT_ONCE = 512
"""So many jobs share a transaction at most."""

READ_ROWS, READ_BYTES = 1000, 16 << 20
"""One read hands out so much at most, and always one message."""

Action = Callable[[sqlite3.Connection], Any]


class SpoolFull(VongLauError):
    """the intake holds {mb} MB that the store has not yet taken; senders are asked to wait"""


class SpoolStuck(VongLauError):
    """the intake cannot write {path}: {reason}"""


@dataclass(frozen=True, slots=True)
class _Job:
    """``writes`` jobs share a transaction; ``done`` is None when nobody waits for the answer."""

    action: Action
    writes: bool
    done: asyncio.Future[Any] | None = None


class Spool:
    """Messages of all sources. Every method is for the event loop in which ``open`` was called."""

    def __init__(self, path: Path, *, max_bytes: int = 512 << 20) -> None:
        self.path, self.max_bytes = path, max_bytes
        self._held: dict[str, int] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._said = ""

    async def open(self, sources: Iterable[str]) -> None:
        """A broken file is moved aside with one line. Raises SpoolTaken, SpoolStuck."""
        self._loop = asyncio.get_running_loop()
        try:
            self._lock, self._file = await asyncio.to_thread(disk.hold, self.path)
            self._held = await asyncio.to_thread(disk.held, self._file, sources)
        except (OSError, sqlite3.Error) as error:
            raise SpoolStuck(path=self.path, reason=str(error)) from error
        self._thread = threading.Thread(target=self._work, name="intake spool", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Everything handed over before is on disk when it returns; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)
            self._lock.close()

    @property
    def held_bytes(self) -> int:
        """What waits for the store, in bytes."""
        return sum(self._held.values())

    def has_room(self, source: str, size: int) -> bool:
        """One source may fill half of the spool, so that it never shuts out the others."""
        return self.held_bytes + size <= self.max_bytes and self._held.get(source, 0) + size <= self.max_bytes // 2

    async def put(self, source: str, arrival: datetime, headers: Mapping[str, str], payload: bytes) -> int:
        """The message's id, once it is on disk. Raises SpoolFull, SpoolStuck."""
        size = len(payload) + disk.OVERHEAD
        if not self.has_room(source, size):
            raise SpoolFull(mb=self.held_bytes >> 20)
        self._held[source] = self._held.get(source, 0) + size
        try:
            found: int = await self._do(lambda db: disk.insert(db, source, arrival, headers, payload), writes=True)
        except Exception as error:
            self._release(source, size)
            self._complain(str(error))
            raise SpoolStuck(path=self.path, reason=str(error)) from error
        self._said = ""
        self.news(source).set()
        return found

    async def after(self, source: str, number: int) -> Sequence[Received]:
        """Messages of the source with a greater id, oldest first; none while the disk does not answer."""
        try:
            found: Sequence[Received] = await self._do(
                lambda db: disk.select(db, source, number, READ_ROWS, READ_BYTES), writes=False
            )
        except Exception as error:  # noqa: BLE001 (what cannot be read now may be read later)
            self._complain(str(error))
            return []
        return found

    def forget(self, source: str, number: int) -> None:
        """Drops the source's messages up to that id, soon; a kill before it is made good by the next start."""
        done: asyncio.Future[int] = self._loop.create_future()
        done.add_done_callback(lambda future: self._forgotten(source, future))
        self._jobs.put(_Job(lambda db: disk.delete(db, source, number), writes=True, done=done))

    def _forgotten(self, source: str, future: asyncio.Future[int]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._release(source, future.result())

    def _release(self, source: str, size: int) -> None:
        self._held[source] = max(0, self._held.get(source, 0) - size)

    def news(self, source: str) -> asyncio.Event:
        """Set when a message of the source has come."""
        return self._news.setdefault(source, asyncio.Event())

    async def _do(self, action: Action, *, writes: bool) -> Any:
        done: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(_Job(action, writes, done))
        return await done

    def _complain(self, reason: str) -> None:
        if reason != self._said:
            self._said = reason
            log.error("the intake cannot use %s: %s", self.path, reason)

    # what follows runs in the spool's own thread

    def _work(self) -> None:
        going = True
        while going:
            jobs = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(jobs) < AT_ONCE:
                    jobs.append(self._jobs.get_nowait())
            going = None not in jobs
            settled = self._run([job for job in jobs if job is not None])
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(_settle, settled)
        self._file.close()

    def _run(self, jobs: Sequence[_Job]) -> list[tuple[_Job, Any]]:
        """All that writes in one transaction, then what reads; each job with its result or its error."""
        writing, reading = [job for job in jobs if job.writes], [job for job in jobs if not job.writes]
        settled: list[tuple[_Job, Any]] = []
        try:
            if writing:
                with disk.transaction(self._file):
                    settled = [(job, job.action(self._file)) for job in writing]
        except Exception as error:  # noqa: BLE001 (whatever it is, its senders are told, and the thread lives)
            settled = [(job, error) for job in writing]
            self._mend(error)
        for job in reading:
            try:
                settled.append((job, job.action(self._file)))
            except Exception as error:  # noqa: BLE001 (the same)
                settled.append((job, error))
                self._mend(error)
        return settled

    def _mend(self, error: Exception) -> None:
        """A file that turned out broken is moved aside; a full disk or a lock is waited out."""
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            self._file.close()
            with suppress(OSError, sqlite3.Error):
                self._file = disk.anew(self.path, str(error))


def _settle(settled: Sequence[tuple[_Job, Any]]) -> None:
    for job, result in settled:
        if job.done is None or job.done.done():
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)


class SpooledInbox:
    """The ``Inbox`` of one source (``sources.base``)."""

    def __init__(self, spool: Spool, source: str) -> None:
        self._spool, self._source = spool, source

    async def read(self, after: int, *, wait_s: float) -> Sequence[Received]:
        """At most 1,000 messages (16 MB) in order of arrival; none when ``wait_s`` passed without one."""
        news = self._spool.news(self._source)
        news.clear()
        if found := await self._spool.after(self._source, after):
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await news.wait()
            return await self._spool.after(self._source, after)
        return []

    def forget(self, number: int) -> None:
        """The store has all up to this id."""
        self._spool.forget(self._source, number)
