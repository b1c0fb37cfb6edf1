"""A task that is told to end ends, also one that does not hear it the first time."""

from __future__ import annotations

import asyncio

import pytest

from geodata import ending
from geodata.ending import ended


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
