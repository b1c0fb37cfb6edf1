"""The way in: batches of records, merged in one transaction each. Asynchronous, role ingest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from geodata.city import SourceBinding
from geodata.store.types import Batch, Cursor, Written


class Writer:
    """Writes to one city's database; see ``docs/contracts.md`` section 3."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str) -> AsyncIterator[Self]:
        yield cls(dsn)

    async def register(self, bindings: Sequence[SourceBinding]) -> None:
        raise NotImplementedError

    async def write(self, source_id: str, batch: Batch) -> Written:
        raise NotImplementedError

    async def cursor(self, source_id: str) -> Cursor | None:
        raise NotImplementedError

    async def state(self, source_id: str, up: bool, error: str | None = None) -> None:
        raise NotImplementedError

    async def beat(self, source_ids: Sequence[str]) -> None:
        raise NotImplementedError
