"""MQTT through the runner into the store: what the store does not have, the broker keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiomqtt import Client

from geodata.city import SourceBinding
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from sources.runner import Runner
from sources.simulator.broker import Broker
from tests.support.patience import in_time


def binding(port: int) -> SourceBinding:
    rule = {
        "topic": "board/{thing}/state",
        "kind": "observation",
        "time": "$.t",
        "results": {"brightness": {"value": "$.b", "unit": "cd/m2"}},
    }
    options = {"host": "127.0.0.1", "port": port, "rules": [rule], "batch_s": 0.05}
    return SourceBinding(
        id="boards", protocol="mqtt", service="advertising_screens", title_vi="a", title_en="a", options=options
    )


async def say(port: int, first: int, last: int) -> None:
    async with Client("127.0.0.1", port) as device:
        for n in range(first, last):
            await device.publish("board/a/state", f'{{"t": {1795226100 + n}, "b": {n}}}', qos=1)


def stored(reader: Reader) -> int:
    (service,) = [row for row in reader.services() if row.id == "advertising_screens"]
    return sum(source.stored for source in service.sources)


async def until(done: Callable[[], bool]) -> None:
    async with in_time():
        while not await asyncio.to_thread(done):  # noqa: ASYNC110 (of another thread and process)
            await asyncio.sleep(0.1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a connection killed in a COPY
async def test_a_kill_loses_nothing_that_the_broker_was_not_told_of(
    writer: Writer, reader: Reader, tmp_path: Path
) -> None:
    """Killed three times in the midst of a stream, and stopped once: every reading is in the store, once."""
    broker = Broker(tmp_path)
    await broker.open()
    try:
        own = binding(broker.port)
        runner = Runner(writer, [own])
        task = asyncio.create_task(runner.run())
        await say(broker.port, 0, 1)
        await until(lambda: bool(runner.feeds and runner.feeds[0].up))
        await say(broker.port, 1, 100)
        for n in range(1, 4):
            saying = asyncio.create_task(say(broker.port, 100 * n, 100 * n + 100))
            await asyncio.sleep(0.15)
            task.cancel()  # no good-bye: what was read and not stored is gone
            await asyncio.gather(task, return_exceptions=True)
            await saying
            runner = Runner(writer, [own])
            task = asyncio.create_task(runner.run())
        await until(lambda: stored(reader) >= 399)
        runner.stop()
        await task
        await say(broker.port, 400, 450)
        runner = Runner(writer, [own])
        task = asyncio.create_task(runner.run())
        await until(lambda: stored(reader) >= 449)
        runner.stop()
        await task
    finally:
        await broker.close()
    (service,) = [row for row in reader.services() if row.id == "advertising_screens"]
    (source,) = service.sources
    assert source.received == source.stored + source.duplicate + sum(source.rejected.values())
    assert source.stored in {449, 450}  # the first may have been said before there was a session
