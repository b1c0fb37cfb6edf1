"""Kept connections: whoever is cancelled, wherever it stands, leaves none open behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from geodata.store.pool import AsyncPool
from tests.conftest import Dsn
from tests.support.patience import in_time

SLOW = "SELECT pg_sleep(600)"


@asynccontextmanager
async def cancelled_in(pool: AsyncPool) -> AsyncIterator[None]:
    """A task that takes a connection and is cancelled once the body is through."""

    async def take() -> None:
        async with pool.connection():
            pass

    taking = asyncio.create_task(take())
    yield
    taking.cancel()
    async with in_time():
        await asyncio.wait({taking})
    assert taking.cancelled()


async def others(pool: AsyncPool) -> int:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
async def watch(dsn: Dsn) -> AsyncIterator[AsyncPool]:
    pool = AsyncPool(dsn("ingest"), 1, "SET application_name = 'watch'")
    yield pool
    await pool.close()


async def until(pool: AsyncPool, count: int) -> None:
    async with in_time():
        while await others(pool) != count:  # noqa: ASYNC110 (the server tells nobody)
            await asyncio.sleep(0.02)


async def test_a_task_cancelled_while_its_connection_is_prepared(dsn: Dsn, watch: AsyncPool) -> None:
    pool = AsyncPool(dsn("ingest"), 1, SLOW)
    async with cancelled_in(pool):
        await until(watch, 1)
        await asyncio.sleep(0.1)
    await until(watch, 0)


async def test_a_task_cancelled_while_its_connection_is_checked(dsn: Dsn, watch: AsyncPool) -> None:
    pool = AsyncPool(dsn("ingest"), 1, "SET application_name = 'kept'")
    async with pool.connection() as connection:
        pass
    async with connection.lock, cancelled_in(pool):  # the check waits
        await asyncio.sleep(0.1)
    assert connection.closed
    await until(watch, 0)


async def test_a_connection_that_died_while_it_was_kept_is_replaced(dsn: Dsn, watch: AsyncPool) -> None:
    pool = AsyncPool(dsn("ingest"), 1, "SET application_name = 'kept'")
    async with pool.connection() as first:
        pass
    async with watch.connection() as killer:
        await killer.execute("SELECT pg_terminate_backend(%s)", [first.info.backend_pid])
    async with in_time(), pool.connection() as second:
        assert (await (await second.execute("SELECT 1")).fetchone()) == (1,)
    assert first.closed
    await pool.close()
