"""A task that is told to end ends, also one that does not hear it the first time; a port that closes forgets nobody."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import suppress

import pytest

from geodata import ending
from geodata.ending import ended, shut
from tests.support.patience import HANG_S


async def test_who_overhears_it_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while heard < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard += 1

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await ended(task)
    assert task.done()
    assert heard == 3


async def test_errors_of_those_that_end_are_no_concern_of_ours() -> None:
    async def bad() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError

    async def over() -> None:
        return

    tasks = [asyncio.create_task(bad()), asyncio.create_task(over())]
    await asyncio.sleep(0)
    await ended(*tasks)
    await ended()
    assert all(task.done() for task in tasks)


async def test_who_waits_for_the_end_may_be_stopped_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    let_go = asyncio.Event()

    async def deaf() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(ended(task))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    let_go.set()
    await task


@pytest.mark.parametrize("turns", range(6))
async def test_a_port_that_closes_forgets_no_connection_that_it_took(turns: int) -> None:
    """Two turns after a connect asyncio has it and has told nobody: closed then, its socket was left to the collector,
    whose complaint met whatever test ran at that moment.
    """
    entered: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: entered.append(writer), "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()) as user:
        for _ in range(turns):
            await asyncio.sleep(0)
        await shut(server)
        for writer in entered:
            writer.close()
            await writer.wait_closed()
        user.settimeout(HANG_S)
        with suppress(ConnectionResetError):
            assert await asyncio.to_thread(user.recv, 1) == b"", "hung up"
    del user
    gc.collect()
    assert not server.sockets
