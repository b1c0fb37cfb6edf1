"""MQTT against mosquitto: sessions, redelivery, last wills, limits, a broker that dies or stands still."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiomqtt import Client, Will

from geodata.records import Observation, Rejected, Thing
from geodata.store.types import Batch
from sources import _mqtt_wire
from sources.base import Context, Garbled, Refused, SourceError, Unreachable
from sources.http import client
from sources.mqtt import MQTTOptions, batches
from sources.simulator.broker import Broker
from tests.support.patience import HANG_S, in_time
from tests.support.ports import free_port

STATUS = "things/{}/status"
SECRETS = {"MQTT_USER": "vonglau", "MQTT_PASSWORD": "m4t-kh4u"}


@asynccontextmanager
async def running(folder: Path, more: str = "") -> AsyncIterator[Broker]:
    found = Broker(folder, more=more)
    await found.open()
    try:
        yield found
    finally:
        await found.close()


@pytest.fixture
async def context() -> AsyncIterator[Context]:
    async with client() as http:
        yield Context(http=http, secret=SECRETS.get, service="traffic")


@asynccontextmanager
async def reading(context: Context, port: int, cursor: Any = None, **given: Any) -> AsyncIterator[Reading]:
    options = MQTTOptions.model_validate({"host": "127.0.0.1", "port": port, "batch_s": 0.05, **given})
    iterator = batches(options, context, cursor)
    found = Reading(iterator)
    try:
        await found.batch()
        yield found
    finally:
        await iterator.aclose()


class Reading:
    """A source as the runner reads it: one batch after the other."""

    def __init__(self, iterator: AsyncIterator[Batch]) -> None:
        self.iterator = iterator
        self.cursor: Any = None
        self.records: list[Any] = []
        self.rejected: list[Rejected] = []

    async def batch(self, within_s: float = HANG_S) -> Batch:
        async with asyncio.timeout(within_s):
            found = await anext(self.iterator)
        self.cursor = found.cursor or self.cursor
        self.records += found.records
        self.rejected += found.rejected
        return found

    async def until(self, count: int) -> list[Any]:
        async with in_time():
            while len(self.records) + len(self.rejected) < count:
                await self.batch()
        return self.records


@asynccontextmanager
async def publisher(broker: Broker, **given: Any) -> AsyncIterator[Client]:
    async with Client("127.0.0.1", broker.port, **given) as found:
        yield found


async def say(client: Client, topic: str, body: object, **how: Any) -> None:
    payload = body if isinstance(body, str | bytes) else json.dumps(body)
    await client.publish(topic, payload, **{"qos": 1, **how})


async def test_heart_beats_readings_and_what_is_not_ours(broker: Broker, context: Context) -> None:
    async with publisher(broker) as device, reading(context, broker.port, topics=["#"]) as ours:
        await say(device, "things/a", {"name": "Nút giao", "lon": 107.59, "lat": 16.46})
        await say(device, STATUS.format("a"), "online")
        await say(device, "things/a/observations/flow", {"result": 12, "unit": "{vehicle}/h"}, qos=0)
        await say(device, "things/a/observations/flow", {"result": "x", "unit": "{vehicle}/h"})
        await say(device, "nobody/knows", "1")
        await ours.until(5)
    assert {type(row) for row in ours.records} == {Thing, Observation}
    assert {row.reason for row in ours.rejected} == {"malformed", "unused_topic"}
    assert [json.loads(row.payload)["topic"] for row in ours.rejected if row.payload] == ["things/a/observations/flow"]
    assert all(row.received_at for row in ours.records)


async def test_a_retained_sign_of_life_is_none_but_a_last_will_is(broker: Broker, context: Context) -> None:
    async with publisher(broker) as device:
        await say(device, "things/a", {"name": "Nút giao"}, retain=True)
        await say(device, STATUS.format("a"), "online", retain=True)
        await say(device, "things/a/observations/flow", {"result": 12}, retain=True)
        await say(device, STATUS.format("b"), "offline", retain=True)
    async with reading(context, broker.port) as ours:
        await ours.until(4)
    told = {row.thing_id: row.result for row in ours.records if isinstance(row, Observation)}
    assert told == {"mqtt:b": "off"}
    assert [row.reason for row in ours.rejected] == ["retained", "retained"]
    assert [row.name for row in ours.records if isinstance(row, Thing)] == ["Nút giao"]


@pytest.mark.parametrize("version", [3, 5])
async def test_a_device_that_dies_leaves_its_will(broker: Broker, context: Context, version: int) -> None:
    will = Will(STATUS.format("den_01"), "offline", qos=1, retain=True)
    async with reading(context, broker.port, version=version) as ours:
        async with AsyncExitStack() as stack:
            device = await stack.enter_async_context(publisher(broker, will=will, keepalive=1))
            await say(device, STATUS.format("den_01"), "online")
            await ours.until(1)
            device._client.socket().close()  # type: ignore[union-attr]  # the power goes: no good-bye
            device._disconnected.set_result(None)
        await ours.until(2)
    assert [row.result for row in ours.records] == ["on", "off"]


@pytest.mark.parametrize("version", [3, 5])
async def test_what_was_said_while_we_were_away_is_kept(broker: Broker, context: Context, version: int) -> None:
    async with reading(context, broker.port, version=version) as ours:
        cursor = ours.cursor
    async with reading(context, broker.port, cursor, version=version) as ours:  # the second connection's session lasts
        cursor = ours.cursor
    async with publisher(broker) as device:
        for n in range(50):
            await say(device, "things/a/observations/flow", {"result": n})
    async with reading(context, broker.port, cursor, version=version) as ours:
        await ours.until(50)
    assert [row.result for row in ours.records] == list(range(50))


async def test_what_was_not_stored_comes_again_and_is_no_second_row(broker: Broker, context: Context) -> None:
    """The runner stores nothing, the connection goes: the broker sends all of it again, with the arrivals it had."""
    context.memory["stored"] = None
    async with publisher(broker) as device:
        async with reading(context, broker.port) as ours:
            for n in range(3):
                await say(device, STATUS.format(n), "online")
            first = list(await ours.until(3))
            cursor = ours.cursor
        async with reading(context, broker.port, cursor) as ours:
            second = list(await ours.until(3))
            context.memory["stored"] = ours.cursor
            await say(device, STATUS.format("last"), "online")
            await ours.until(4)
            cursor = ours.cursor
            await asyncio.sleep(1)  # acknowledged while we wait
        context.memory["stored"] = cursor
        async with reading(context, broker.port, cursor) as ours:
            await say(device, STATUS.format("new"), "online")
            await ours.until(1)
    assert second == first
    assert "mqtt:0" not in {row.thing_id for row in ours.records}


async def test_a_redelivered_reading_is_the_same_record(broker: Broker, context: Context) -> None:
    """Acknowledged by us, not by the broker's account: the connection was cut in between."""
    async with publisher(broker) as device:
        async with reading(context, broker.port) as ours:
            await say(device, STATUS.format("a"), "online")
            (first,) = await ours.until(1)
            cursor = ours.cursor
        async with reading(context, broker.port, cursor) as ours:
            (second,) = await ours.until(1)
    assert first.thing_id == second.thing_id


async def test_the_broker_keeps_what_nobody_stores(broker: Broker, context: Context) -> None:
    """Its window is not passed: of 3,000 messages 2,000 are with us."""
    context.memory["stored"] = None
    async with publisher(broker, max_inflight_messages=5000) as device, reading(context, broker.port) as ours:
        for n in range(3000):
            device._client.publish("things/a/observations/flow", f'{{"result": {n}}}', 1)
        await ours.until(2000)
        with pytest.raises(TimeoutError):
            await ours.batch(0.5)
    assert len(ours.records) == 2000


async def test_a_flood_without_acknowledgement_is_left_in_the_socket(
    broker: Broker, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mqtt_wire, "MAX_WAITING", 50)
    async with publisher(broker) as device, reading(context, broker.port, keepalive_s=25) as ours:
        await say(device, STATUS.format("a"), "online")
        await ours.until(1)
        for n in range(2000):
            await say(device, "things/a/observations/flow", {"result": n}, qos=0)
        sizes = []
        while len(ours.records) < 2001:
            sizes.append(len((await ours.batch()).records))
            await asyncio.sleep(0.02)
        assert max(sizes) == 50


async def test_a_dead_broker_is_noticed_at_once(broker: Broker, context: Context) -> None:
    async with reading(context, broker.port) as ours:
        await broker.close()
        with pytest.raises(Unreachable) as caught:
            await ours.batch(5)
    assert str(caught.value).startswith(f"mqtt://127.0.0.1:{broker.port} does not answer: the connection ended")
    with pytest.raises(Unreachable):
        async with reading(context, broker.port):
            pass


async def test_a_broker_that_stands_still_is_noticed_by_its_silence(broker: Broker, context: Context) -> None:
    """Twice the keep-alive and a second: 41 s with the default of 20."""
    async with reading(context, broker.port, keepalive_s=1) as ours:
        broker.stall(True)
        with pytest.raises(Unreachable):
            await ours.batch(30)


async def test_names_and_passwords(tmp_path: Path, context: Context) -> None:
    """Mosquitto reads a password file as it stands when its hashes are PBKDF2: here of an unknown password."""
    (tmp_path / "passwords").write_text("vonglau:$7$101$bm9ib2R5$" + "A" * 86 + "==\n")
    more = f"user root\nallow_anonymous false\npassword_file {tmp_path / 'passwords'}\n"
    async with running(tmp_path / "broker", more) as broker:
        for version in (3, 5):
            with pytest.raises(Refused) as caught:
                async with reading(
                    context, broker.port, version=version, user_env="MQTT_USER", password_env="MQTT_PASSWORD"
                ):
                    pass
            assert SECRETS["MQTT_PASSWORD"] not in str(caught.value)


async def test_tls_with_an_authority_of_ones_own_and_a_websocket(tmp_path: Path, context: Context) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_pem.write_to_path(str(tmp_path / "own.pem"))
    server.cert_chain_pems[0].write_to_path(str(tmp_path / "chain.pem"))
    more = "user root\n"
    ports = {}
    for name, lines in (("tls", ""), ("websocket", "protocol websockets\n"), ("both", "protocol websockets\n")):
        ports[name] = free_port()
        secured = "" if name == "websocket" else f"certfile {tmp_path}/chain.pem\nkeyfile {tmp_path}/own.pem\n"
        more += f"listener {ports[name]} 127.0.0.1\n{lines}{secured}"
    async with running(tmp_path / "broker", more) as broker, publisher(broker) as device:
        ways: Sequence[dict[str, Any]] = (
            {"port": ports["tls"], "tls": True, "ca_file": str(tmp_path / "ca.pem")},
            {"port": ports["websocket"], "transport": "websocket"},
            {"port": ports["both"], "transport": "websocket", "tls": True, "ca_file": str(tmp_path / "ca.pem")},
        )
        for way in ways:
            async with reading(context, **way) as ours:
                for n in range(300):
                    body = json.dumps({"result": n, "text": "x" * 200})
                    device._client.publish("things/a/observations/flow", body, n % 2)
                await ours.until(300)
            assert {row.result for row in ours.records} == set(range(300))
        with pytest.raises(SourceError, match="certificate"):
            async with reading(context, ports["tls"], tls=True):
                pass
        with pytest.raises(Refused, match="certificates"):
            async with reading(context, ports["tls"], tls=True, ca_file=str(tmp_path / "none.pem")):
                pass


async def test_ten_megabytes_are_one_rejection(broker: Broker, context: Context) -> None:
    async with publisher(broker) as device, reading(context, broker.port) as ours:
        await say(device, STATUS.format("a"), b"A" * 10_000_000)
        await say(device, STATUS.format("a"), "online")
        await ours.until(2)
    (refused,) = ours.rejected
    assert (refused.reason, refused.detail) == ("too_large", "10000000 bytes")
    assert len(refused.payload or b"") <= 65536
    assert json.loads(refused.payload or b"")["cut"] is True
    assert [row.result for row in ours.records] == ["on"]


async def test_a_message_beyond_all_limits_does_not_stop_the_source(broker: Broker, context: Context) -> None:
    """MQTT 5 tells the broker our limit. In 3.1.1 it would send the message for ever: that session is given up."""
    async with publisher(broker) as device:
        async with reading(context, broker.port) as ours:
            await say(device, STATUS.format("a"), b"A" * 20_000_000)
            await say(device, STATUS.format("a"), "online")
            await ours.until(1)
        async with reading(context, broker.port, version=3) as ours:
            cursor = ours.cursor
        async with reading(context, broker.port, cursor, version=3) as ours:
            await say(device, STATUS.format("a"), b"A" * 20_000_000)
            with pytest.raises(Garbled, match="MB"):
                await ours.batch()
        async with reading(context, broker.port, cursor, version=3) as ours:
            await say(device, STATUS.format("a"), "online")
            await ours.until(1)
    assert not ours.rejected


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_burst_is_read_whole(broker: Broker, context: Context, qos: int) -> None:
    """Ten thousand messages as fast as a publisher can; what was measured stands in docs/sources/mqtt.md."""
    count = 10_000
    async with publisher(broker, max_inflight_messages=20_000) as device, reading(context, broker.port) as ours:
        began = time.monotonic()
        for n in range(count):
            device._client.publish("things/a/observations/flow", f'{{"result": {n}, "time": {1.79e9 + n}}}', qos)
            if n % 200 == 0:
                await asyncio.sleep(0)
        await ours.until(count)
        print(f"{count / (time.monotonic() - began):.0f} messages/s at QoS {qos}")
    assert {row.result for row in ours.records} == set(range(count))
