"""Who speaks over MQTT in the simulated city stops when told to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self, cast

import pytest
from aiomqtt import Client, MqttError

from sources.simulator.mqtt_feed import _connected


class Gone:
    """A client whose broker is away when it says good-bye."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *why: object) -> None:
        raise MqttError("Unexpected disconnection")


async def test_a_stop_is_a_stop_also_when_the_broker_has_gone() -> None:
    inside = asyncio.Event()

    async def speak() -> None:
        with suppress(MqttError):
            async with _connected(cast("Client", Gone())):
                inside.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(speak())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
