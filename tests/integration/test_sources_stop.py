"""Every protocol of the simulated city, stopped wherever it waits: it stops, and nothing of it goes on or stays open.

What a stop leaves behind shows elsewhere and later: a complaint of the loop in the log, a socket that is never closed.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from geodata.city import SourceBinding
from sources._binding import adapter
from sources.base import Context
from sources.http import client
from tests.integration.test_simulator_command import start, wait_for
from tests.support.patience import HANG_S, within
from tests.support.stopped import stopped_at

BATCHES = 3
ENOUGH_S = 1.0
"""So long one source is stopped again and again: at its first waits, then further and further apart."""


@pytest.fixture(scope="module")
def bindings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SourceBinding]]:
    path = tmp_path_factory.mktemp("stop") / "bindings.json"
    city = start("simulate", "--city", "hue", "--bindings", str(path))
    try:
        yield wait_for(path)
        city.send_signal(signal.SIGTERM)
        city.communicate(timeout=HANG_S)
    finally:
        city.kill()


def one_of_each(bindings: list[SourceBinding]) -> list[SourceBinding]:
    """Of each protocol one, of tables one that has pages and one that has not."""
    return list({(one.protocol, "paging" in one.options): one for one in bindings}.values())


async def read(binding: SourceBinding, http: httpx.AsyncClient, folder: Path, batches: int = BATCHES) -> None:
    """As the runner does it: some batches, then the end of the generator."""
    source, options = adapter(binding)
    context = Context(http=http, service=binding.service, memory={}, folder=folder / binding.id)
    iterator = source.batches(options, context, None)
    try:
        for _ in range(batches):
            if await anext(iterator, None) is None:
                break
    finally:
        await iterator.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators


async def stops(binding: SourceBinding, folder: Path) -> int:
    """How often it was stopped, each time at another place."""
    began, place, count = time.monotonic(), 0, 0
    async with client() as http:  # of all sources, as the runner's
        with suppress(TimeoutError):  # one that has nothing to tell now
            await within(ENOUGH_S, read(binding, http, folder, 1))  # left where it hands over a batch
        while time.monotonic() - began < ENOUGH_S or count < 2:
            if not await stopped_at(read(binding, http, folder), place, HANG_S):
                break
            place, count = place + 1 + count // 8, count + 1
    return count


async def left() -> list[str]:
    """Tasks that still run, once what only ends has ended."""
    for _ in range(100):
        found = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if not found:
            break
        await asyncio.sleep(0.02)
    return [repr(task) for task in found]


async def test_stopped_anywhere_a_source_leaves_nothing(bindings: list[SourceBinding], tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    for binding in one_of_each(bindings):
        assert await stops(binding, tmp_path), f"{binding.id} never waits"
        assert not await left(), binding.id
        gc.collect()  # what is still open complains now
        await asyncio.sleep(0)
        assert not wrong, binding.id
