"""MQTT out, against mosquitto: news, retained states, last will, a broker that goes and one that forbids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from outlets.base import Away, Outlet
from outlets.mqtt import MQTT
from sources.simulator.broker import Broker
from tests.support.outlets import outlet
from tests.support.patience import in_time
from tests.support.posting import closed, delivery, finding, message


class Listener:
    """Everything that a broker tells, the retained first."""

    def __init__(self, subscriber: aiomqtt.Client) -> None:
        self._messages = aiter(subscriber.messages)

    async def until(self, topic: str) -> aiomqtt.Message:
        async with in_time():
            while True:
                found = await anext(self._messages)
                if str(found.topic) == topic:
                    return found


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Listener]:
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as subscriber:
        await subscriber.subscribe("vonglau/#", qos=1)
        yield Listener(subscriber)


async def until_away(out: Outlet[Any]) -> None:
    """Until our own side has noticed."""
    async with in_time():
        while True:
            try:
                await out.send(message(), None, ())
            except Away:
                return


STATE = "vonglau/hue/state/hydrology/hydrology.over_alarm/7"
NEWS = "vonglau/hue/finding/hydrology/hydrology.over_alarm"


async def test_mqtt_news_and_the_state_that_stays(broker: Broker) -> None:
    async with outlet("mqtt", host="127.0.0.1", port=broker.port) as out:
        async with listening(broker) as early:
            await out.send(message(), None, ())
            news = await early.until(NEWS)
            assert (news.qos, news.retain) == (1, False)
            assert isinstance(news.payload, bytes)
            assert json.loads(news.payload)["change"] == "opened"
            properties: Any = news.properties
            assert ("key", message().key) in properties.UserProperty
        async with listening(broker) as late:
            kept = await late.until(STATE)
            assert kept.retain
            await out.send(message(delivery(2, "closed", closed())), None, ())
            assert (await late.until(STATE)).payload in {b"", None}
        async with listening(broker) as later:
            await out.send(message(delivery(3, about=finding(8))), None, ())
            assert json.loads(bytes((await later.until(NEWS)).payload))["finding"] == 8


async def test_mqtt_a_bridge_that_dies_is_told_by_its_will(broker: Broker) -> None:
    async with listening(broker) as there, outlet("mqtt", host="127.0.0.1", port=broker.port) as out:
        await out.beat()
        assert (await there.until("vonglau/hue/status")).payload == b"online"
        assert isinstance(out, MQTT)
        assert out._client is not None
        socket: Any = out._client._client.socket()
        socket.shutdown(2)  # as if we were killed: no word of parting
        while (await there.until("vonglau/hue/status")).payload != b"offline":
            pass
        await until_away(out)
        await out.send(message(), None, ())
        await there.until(NEWS)


async def test_mqtt_a_broker_that_goes_and_comes_back(broker: Broker) -> None:
    async with outlet("mqtt", host="127.0.0.1", port=broker.port) as out:
        await out.send(message(), None, ())
        await broker.close()
        await until_away(out)
        with pytest.raises(Away, match="broker"):
            await out.send(message(), None, ())
        await broker.open()
        async with listening(broker) as there:
            await out.send(message(), None, ())
            await there.until(NEWS)


async def test_mqtt_a_broker_that_takes_and_forbids_is_noticed(tmp_path: Path) -> None:
    rights = tmp_path / "rights"
    await asyncio.to_thread(rights.write_text, "topic readwrite vonglau/hue/status\n")
    broker = Broker(tmp_path / "strict", more=f"user root\nacl_file {rights}\n")
    await broker.open()
    try:
        async with outlet("mqtt", host="127.0.0.1", port=broker.port) as out:
            with pytest.raises(Away, match=r"does not take vonglau/hue/state/.*: Not authorized"):
                await out.send(message(), None, ())
            await out.beat()
    finally:
        await broker.close()
