"""Connections that are kept: a few, checked before they are used again, closed when anything went wrong on them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

AsyncConnection = psycopg.AsyncConnection[TupleRow]
Connection = psycopg.Connection[TupleRow]


@asynccontextmanager
async def _kept(connection: AsyncConnection) -> AsyncIterator[None]:
    """Closes it when whoever uses it fails or is cancelled: nobody else knows of it."""
    try:
        yield
    except BaseException:
        await connection.close()
        raise


class AsyncPool:
    """At most ``size`` connections, each prepared once with ``setup``."""

    def __init__(self, dsn: str, size: int, setup: LiteralString) -> None:
        self._dsn = dsn
        self._setup = setup
        self._slots = asyncio.Semaphore(size)
        self._idle: list[AsyncConnection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        async with self._slots:
            connection = await self._reuse() or await self._open()
            async with _kept(connection):
                yield connection
            self._idle.append(connection)

    async def _reuse(self) -> AsyncConnection | None:
        while self._idle:
            connection = self._idle.pop()
            async with _kept(connection):
                with suppress(psycopg.Error):
                    await connection.execute("")
                    return connection
                await connection.close()
        return None

    async def _open(self) -> AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        async with _kept(connection):
            await connection.execute(self._setup)
        return connection

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


class Pool:
    """At most ``size`` connections for any number of threads."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._slots = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self._slots:
            connection = self._reuse() or self._open()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _reuse(self) -> Connection | None:
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                try:
                    connection.execute("")
                except psycopg.Error:
                    connection.close()
                else:
                    return connection
        return None

    def _open(self) -> Connection:
        # plans made for the values at hand: windows and cuts differ too much for one plan
        return psycopg.connect(self._dsn, autocommit=True, prepare_threshold=None)

    def close(self) -> None:
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
