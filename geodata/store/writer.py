"""The way in: batches of records, merged in one transaction each. Asynchronous, role ingest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from psycopg import errors

from geodata import catalogue
from geodata.catalogue import Service
from geodata.city import SourceBinding
from geodata.sql import text
from geodata.store import merge
from geodata.store.check import check
from geodata.store.errors import SourceMoved, UnknownSource
from geodata.store.failures import translated
from geodata.store.pool import AsyncPool
from geodata.store.types import Batch, Cursor, Written

CONNECTIONS = 4  # two cores cannot merge more batches at once
ATTEMPTS = 5  # of a transaction that lost against another one
DAY_S = 86_400.0  # cadence of a source whose service is not in the catalogue: an import


@dataclass(frozen=True, slots=True)
class _Source:
    source_id: int
    service_id: int
    service: str


class Writer:
    """Writes to one city's database; see ``docs/contracts.md`` section 3. Any number of tasks may share one.

    Methods raise StoreGone when the database is away, DiskFull, Forbidden, UnknownSource. After any of them the
    same batch may be written again: what was stored the first time is counted as duplicate.
    """

    def __init__(self, dsn: str, services: Mapping[str, Service] | None = None) -> None:
        self._dsn = dsn
        self._services = catalogue.services() if services is None else services
        self._pool = AsyncPool(dsn, CONNECTIONS, text("writer", "stage"))
        self._sources: dict[str, _Source] = {}
        self._known = merge.Known()

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, services: Mapping[str, Service] | None = None) -> AsyncIterator[Self]:
        """A writer, connected once to see that the store is there. ``services``: in place of the catalogue's."""
        writer = cls(dsn, services)
        try:
            with translated(dsn):
                async with writer._pool.connection() as connection:
                    await connection.execute(text("writer", "source"), {"name": ""})
            yield writer
        finally:
            await writer._pool.close()

    async def register(self, bindings: Sequence[SourceBinding]) -> None:
        """Makes the sources and services known, or brings their descriptions up to date. Raises SourceMoved."""
        names = sorted({*self._services, *(b.service for b in bindings)})
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(text("writer", "register_services"), {"names": names})
                for binding in sorted(bindings, key=lambda b: b.id):
                    await connection.execute(text("writer", "register_source"), self._row(binding))
        for binding in bindings:
            found = await self._source(binding.id)
            if found.service != binding.service:
                raise SourceMoved(name=binding.id, found=found.service, wanted=binding.service)

    async def write(self, source_id: str, batch: Batch) -> Written:
        """Stores a batch with its cursor and its line of the ledger: all of it or nothing. ``closes`` always holds."""
        source = await self._source(source_id)
        service = self._services.get(source.service)
        checked = check(batch, service, datetime.now(UTC))
        job = merge.Job(source.source_id, source.service_id, service, batch, checked)
        for attempt in range(ATTEMPTS):
            try:
                return await self._try(job)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                if attempt == ATTEMPTS - 1:
                    raise
                await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError

    async def _try(self, job: merge.Job) -> Written:
        found = merge.Known()
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection, connection.transaction():
                written = await merge.run(connection, job, self._known, found)
        self._known.add(found)  # ids of a transaction that failed must not be remembered
        assert written.closes
        return written

    async def cursor(self, source_id: str) -> Cursor | None:
        """Where the source goes on from, as of its last committed batch."""
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection:
                result = await connection.execute(text("writer", "get_cursor"), {"name": source_id})
                row = await result.fetchone()
        return None if row is None else row[0]

    async def state(self, source_id: str, up: bool, error: str | None = None) -> None:
        """Records that a feed came up or went down, and why; the same state again is a heart-beat."""
        source = await self._source(source_id)
        values = {"source": source.source_id, "service": source.service_id, "up": up, "error": error}
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(text("writer", "lock_service"), {"service": source.service_id})
                await connection.execute(text("writer", "set_state"), values)

    async def past_states(self, source_id: str, states: Sequence[tuple[datetime, bool, str | None]]) -> None:
        """What a recording tells of its feed: (time, up, error) each, as if it had been said then. Twice is once."""
        source = await self._source(source_id)
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection, connection.transaction():
                for time, up, error in states:
                    values = {"source": source.source_id, "time": time, "up": up, "error": error}
                    await connection.execute(text("writer", "past_state"), values)
                if states:
                    await connection.execute(text("writer", "bump"), {"service": source.service_id})

    async def mend(self, source_id: str, ids: Sequence[int]) -> int:
        """Says that these kept payloads (``rejections``) were read again; how many had not been said before."""
        source = await self._source(source_id)
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection:
                values = {"source": source.source_id, "ids": [*ids]}
                row = await (await connection.execute(text("writer", "mend"), values)).fetchone()
        return int(row[0]) if row else 0

    async def beat(self, source_ids: Sequence[str]) -> None:
        """Heart-beat of connected sources. After a gap longer than 60 s the gap goes into the history as down."""
        names = {"names": sorted(source_ids)}
        with translated(self._dsn, opening=False):
            async with self._pool.connection() as connection:
                result = await connection.execute(text("writer", "overdue_beats"), names)
                overdue = await result.fetchall()
                await connection.execute(text("writer", "beat"), names)
                for source, service in overdue:
                    async with connection.transaction():
                        await connection.execute(text("writer", "lock_service"), {"service": service})
                        values = {"source": source, "service": service, "up": True, "error": None}
                        await connection.execute(text("writer", "set_state"), values)

    async def _source(self, name: str) -> _Source:
        if name not in self._sources:
            with translated(self._dsn, opening=False):
                async with self._pool.connection() as connection:
                    result = await connection.execute(text("writer", "source"), {"name": name})
                    row = await result.fetchone()
            if row is None:
                raise UnknownSource(name=name)
            self._sources[name] = _Source(*row)
        return self._sources[name]

    def _row(self, binding: SourceBinding) -> dict[str, object]:
        service = self._services.get(binding.service)
        known = binding.model_dump(
            include={"protocol", "title_vi", "title_en", "operator", "owner", "project", "license", "attribution"}
        )
        return known | {
            "name": binding.id,
            "service": binding.service,
            "simulated": binding.simulated,
            "cadence_s": binding.cadence_s or (service.cadence_s if service else DAY_S),
            "late_factor": service.late_factor if service else 3.0,
        }
