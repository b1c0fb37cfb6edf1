"""MQTT: each message under its rule's topic at QoS 1, the state of every open finding retained, a last will of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from typing import Any, Literal

from aiomqtt import Client, MqttError, ProtocolVersion, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import Field

from geodata.city import City
from geodata.store.deliveries import Earlier
from outlets._tls import context
from outlets.base import Away, Options, Outlet, Secret
from outlets.message import Message, Sendable

ANSWER_S = 10.0
BEAT_S = 30.0
ONLINE, OFFLINE = b"online", b"offline"


class MQTTOptions(Options):
    """``prefix``: the first levels of every topic. ``retain_state``: each open finding's newest message stays under
    ``{prefix}/{city}/state/…`` until it is over. ``version`` 3 is MQTT 3.1.1, which has no user properties.
    """

    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    prefix: str = Field(default="vonglau", pattern=r"^[^#+/\s][^#+\s]*$")
    retain_state: bool = True
    version: Literal[3, 5] = 5
    tls: bool = False
    ca_file: str | None = None
    client_cert: str | None = None  # PEM of ours with its key
    user_env: str | None = None
    password_env: str | None = None
    keepalive_s: int = Field(default=30, ge=5, le=300)


class Knowing(Client):
    """Remembers when the broker acknowledged a message and yet refused it, which MQTT 5 lets it."""

    refusal: ReasonCode | None = None

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any) -> None:
        if reason_code.is_failure:
            self.refusal = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)


class MQTT(Outlet[MQTTOptions]):
    """One connection, kept. ``{prefix}/{city}/status`` says online, and offline when we are gone without a word."""

    kind = "mqtt"
    options_of = MQTTOptions
    default_on = ("opened", "level_raised", "level_lowered", "reopened", "closed", "assigned", "acknowledged")
    per_minute = 0  # each message has its topic, and a broker bears them

    def __init__(self, name: str, options: MQTTOptions, secret: Secret, city: City) -> None:
        super().__init__(name, options, secret, city)
        self._client: Knowing | None = None
        self._turn = asyncio.Lock()  # one message at a time: what the broker says then is about that one
        self._beaten = 0.0

    @property
    def _root(self) -> str:
        return f"{self.options.prefix}/{self.city.id}"

    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        body = json.dumps(message.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
        if isinstance(message, Message):
            place = f"{message.service}/{message.rule}"
            if self.options.retain_state:
                await self._publish(
                    f"{self._root}/state/{place}/{message.finding}", _state(message, body), message, True
                )
            await self._publish(f"{self._root}/finding/{place}", body, message)
        else:
            await self._publish(f"{self._root}/digest", body, message)
        return None

    async def beat(self) -> None:
        """Says that we are there; connects again where the connection was lost in between."""
        if time.monotonic() - self._beaten >= BEAT_S:
            self._beaten = time.monotonic()
            await self._publish(f"{self._root}/status", ONLINE, retain=True)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(MqttError, TimeoutError):
                await client.publish(f"{self._root}/status", OFFLINE, qos=1, retain=True, timeout=1)
            with contextlib.suppress(MqttError, TimeoutError):
                await client.__aexit__(None, None, None)

    async def _publish(self, topic: str, body: bytes, message: Sendable | None = None, retain: bool = False) -> None:
        async with self._turn:
            try:
                if self._client is None:
                    self._client = await self._opened()
                await self._told(self._client, topic, body, message, retain)
            except MqttError as error:
                await self._drop()
                raise Away(f"broker: {_words(error)}") from None

    async def _told(
        self, client: Knowing, topic: str, body: bytes, message: Sendable | None = None, retain: bool = False
    ) -> None:
        client.refusal = None
        await client.publish(topic, body, qos=1, retain=retain, properties=self._properties(message), timeout=ANSWER_S)
        if client.refusal is not None:
            raise Away(f"the broker does not take {topic}: {client.refusal}")

    async def _opened(self) -> Knowing:
        """A connection whose will is written and which has said that it is there."""
        client = Knowing(
            self.options.host,
            self.options.port,
            username=self.secret(self.options.user_env),
            password=self.secret(self.options.password_env),
            protocol=ProtocolVersion.V5 if self.options.version == 5 else ProtocolVersion.V311,
            will=Will(f"{self._root}/status", OFFLINE, qos=1, retain=True),
            keepalive=self.options.keepalive_s,
            timeout=ANSWER_S,
            tls_context=context(self.options.ca_file, self.options.client_cert) if self.options.tls else None,
        )
        await client.__aenter__()
        try:
            await self._told(client, f"{self._root}/status", ONLINE, retain=True)
        except BaseException:
            with contextlib.suppress(Exception):
                await client.__aexit__(None, None, None)
            raise
        return client

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.__aexit__(None, None, None)

    def _properties(self, message: Sendable | None) -> Properties | None:
        if self.options.version != 5 or message is None:
            return None
        found = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
        found.ContentType = "application/json"
        found.UserProperty = [("key", message.key), ("simulated", str(message.simulated).lower())]
        return found


def _state(message: Message, body: bytes) -> bytes:
    """What stays: the newest message while the finding is open, nothing when it is over."""
    return body if message.closed is None else b""


def _words(error: MqttError) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
