"""Who speaks over MQTT in the simulated city stops when told to, wherever it stands just then."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from sources._mqtt_wire import Lost
from sources.simulator.broker import Broker
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.host import Host
from sources.simulator.mqtt_feed import Speaker, speak
from sources.simulator.mqtt_wire import Said, Voice
from tests.support.patience import HANG_S, in_time

SOURCE = "simulated_screens"


def much(*_: float) -> Iterable[Said]:
    return (Said(f"a/{number}", "x") for number in range(500))


async def test_a_stop_at_any_moment_is_a_stop_and_leaves_nothing_behind(broker: Broker, tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    host = Host(SimulatedClock(), Faults([SOURCE]), tmp_path)
    speaker = Speaker(source=SOURCE, standing=much, spoken=much, step_s=0.001)
    for step in range(60):
        task = asyncio.create_task(speak(speaker, broker, host))
        await asyncio.sleep(step * 0.0007)
        task.cancel()
        async with in_time():
            await asyncio.wait({task})
        assert task.cancelled()
    assert not wrong


async def test_a_refusal_that_comes_when_nobody_waits_any_more_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    came, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def connect(_: Voice) -> None:
        loop.call_soon_threadsafe(came.set)
        go_on.wait(HANG_S)
        raise ConnectionRefusedError

    monkeypatch.setattr(Voice, "_connect", connect)
    opening = asyncio.create_task(Voice(1, None).open())
    async with in_time():
        await came.wait()
        opening.cancel()
        await asyncio.wait({opening})
        go_on.set()
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 (the thread's own task is nobody's to wait for)
            await asyncio.sleep(0.01)
    assert opening.cancelled()
    del opening  # it holds what it awaited, and asyncio complains of what nothing holds
    await asyncio.sleep(0)
    gc.collect()
    assert not wrong


async def test_a_broker_that_ends_is_said_to_whoever_waits_for_its_answer(broker: Broker) -> None:
    voice = Voice(broker.port, None)
    await voice.open()
    broker.stall(True)
    saying = asyncio.create_task(voice.say(Said("a", "x")))
    await asyncio.sleep(0.05)
    assert not saying.done()
    assert broker._process is not None
    broker._process.kill()  # not asked to end: it would answer first
    async with in_time():
        with pytest.raises(Lost):
            await saying
        with pytest.raises(Lost):
            await voice.say(Said("a", "y", qos=0))
    await voice.close()
    await broker.close()
    with pytest.raises(Lost):
        await Voice(broker.port, None).open()


async def test_it_speaks_again_when_the_broker_is_back(broker: Broker, tmp_path: Path) -> None:
    asked = asyncio.Event()

    def standing(_: float) -> Iterable[Said]:
        asked.set()
        return [Said("a", "x", retain=True)]

    host = Host(SimulatedClock(), Faults([SOURCE]), tmp_path)
    host.spawn(speak(Speaker(source=SOURCE, standing=standing, spoken=lambda *_: ()), broker, host))
    host.start()
    async with in_time():
        for _ in range(2):
            await asked.wait()
            asked.clear()
            await broker.close()
            await asyncio.sleep(0.5)
            await broker.open()
        await host.close()
