"""MQTT as our adapters use it: options, the address, a session that outlives a short outage, bunches of messages.

The client id is drawn once and kept in the cursor, so that it is stable for a source of one store: ``vonglau check``
or a second installation never takes over its session. The first connection of all has a session of five minutes
(none in 3.1.1); from the next on it lasts ``session_s``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from secrets import token_hex
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from geodata.store.types import Cursor
from sources._mqtt_wire import Dial, Lost, Message, Wire
from sources.base import Context, Garbled, Options, Refused, Unreachable

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
TRIAL_S = 300
MOST = 2_000
IDLE_S = 0.02
WINDOW = 10
"""A broker that sends no more until it has our acknowledgement holds back at 20 or so (mosquitto's default)."""

REMEMBERED = 4_000
ACK_S = 0.05
"""So often it is looked whether a bunch was stored."""

Memory = dict[str, Any]


class BrokerOptions(Options):
    """How a broker is spoken to. ``version`` 3 is MQTT 3.1.1."""

    user_env: str | None = None
    password_env: str | None = None
    ca_file: str | None = None  # PEM of the authority that signed the broker's certificate
    client_cert: str | None = None  # PEM with our own certificate and its private part
    version: Literal[3, 5] = 5
    qos: Literal[0, 1] = 1
    keepalive_s: int = Field(default=20, ge=1, le=25)  # a dead broker is noticed within twice that
    session_s: int = Field(default=86_400, ge=0)
    max_message_b: int = Field(default=1 << 20, ge=256, le=16 << 20)
    batch_s: float = Field(default=0.4, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class Address:
    """Of a broker. ``path`` is that of a websocket, None for plain TCP."""

    host: str
    port: int
    tls: bool = False
    path: str | None = None

    def __str__(self) -> str:
        scheme = ("mqtts" if self.tls else "mqtt") if self.path is None else ("wss" if self.tls else "ws")
        return f"{scheme}://{self.host}:{self.port}{self.path or ''}"


def address(url: str) -> Address:
    """Of ``mqtt://host[:port]``, ``mqtts://``, ``ws://host/path``, ``wss://``. Raises ValueError without the URL."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("not the address of a broker: mqtt://, mqtts://, ws:// or wss:// and a host")
    if parts.username or parts.password:
        raise ValueError("a user in the address of a broker: name it in user_env and password_env")
    websocket = parts.scheme.startswith("ws")
    path = (parts.path or "/mqtt") if websocket else None
    return Address(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme in {"mqtts", "wss"}, path)


@dataclass(frozen=True, slots=True)
class Session:
    """Who we are for the broker; ``cursor`` holds it for the next time."""

    client_id: str
    first: bool
    bunch: int = 0

    @classmethod
    def of(cls, cursor: Cursor | None) -> Session:
        """That of the cursor, or a new one."""
        known = (cursor or {}).get("client")
        if isinstance(known, str) and 0 < len(known) <= 64:
            return cls(known, first=False, bunch=_bunch(cursor))
        return cls(f"vonglau-{token_hex(6)}", first=True)


class Handed:
    """When messages that were handed over came. A broker that missed our acknowledgement sends one again: it keeps
    the arrival it had, so that it is the same record and no second one.
    """

    def __init__(self) -> None:
        self._arrivals: OrderedDict[bytes, datetime] = OrderedDict()

    def note(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.qos:
                self._arrivals[_digest(message)] = message.arrival
        while len(self._arrivals) > REMEMBERED:
            self._arrivals.popitem(last=False)

    def timed(self, message: Message) -> Message:
        """The message with its first arrival."""
        if message.dup and (arrival := self._arrivals.get(_digest(message))):
            return replace(message, arrival=arrival)
        return message


def _digest(message: Message) -> bytes:
    parts = (message.mid.to_bytes(2, "big"), message.topic.encode("utf-8", "replace"), message.payload)
    return blake2b(b"\0".join(parts), digest_size=12).digest()


class Subscription:
    """An open connection. ``bunch`` hands over what came, ``cursor`` is that of the batch made of it.

    A bunch is acknowledged when its batch is in the store: the runner leaves the last cursor that it stored in
    ``memory["stored"]``. Where no runner does (``vonglau check``) asking for the next acknowledges the one before.
    """

    def __init__(self, wire: Wire, where: Address, options: BrokerOptions, session: Session, memory: Memory) -> None:
        self._wire, self._where, self._options, self._session, self._memory = wire, where, options, session, memory
        self._handed: Handed = memory.setdefault("mqtt_handed", Handed())
        self._pending: deque[tuple[int, list[Message]]] = deque()
        self._number: int = max(session.bunch, memory.get("mqtt_bunch", 0))

    async def bunch(self, within_s: float | None = None) -> list[Message]:
        """What comes within ``batch_s`` of the first message; empty when none came ``within_s``. Raises SourceError."""
        await self._first(within_s)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._options.batch_s
        while len(self._wire) and len(self._wire) < MOST and self._wire.lost is None and loop.time() < until:
            before = len(self._wire)
            await asyncio.sleep(IDLE_S)
            self._acknowledge()
            if WINDOW <= len(self._wire) == before:
                break  # the broker waits for us
        found = [self._handed.timed(message) for message in self._wire.take(MOST)]
        if not found and self._wire.lost is not None:
            raise failure(self._wire.lost, self._where)
        if found:
            self._number = self._memory["mqtt_bunch"] = self._number + 1
            self._pending.append((self._number, found))
            self._handed.note(found)
        return found

    async def _first(self, within_s: float | None) -> None:
        """Waits for the first message, and meanwhile acknowledges what gets stored."""
        loop = asyncio.get_running_loop()
        until = None if within_s is None else loop.time() + within_s
        while True:
            self._acknowledge()
            left = 3600.0 if until is None else until - loop.time()
            await self._wire.wait(min(left, ACK_S) if self._pending else left)
            if len(self._wire) or self._wire.lost is not None or (until is not None and loop.time() >= until):
                return

    def _acknowledge(self) -> None:
        stored = self._memory.get("stored", ...)
        upto = self._number if stored is ... else _bunch(stored)
        while self._pending and self._pending[0][0] <= upto:
            _, messages = self._pending.popleft()
            self._wire.ack(messages)

    def cursor(self, more: Cursor | None = None) -> Cursor:
        """Of a batch that holds all that was handed over: the session, with whatever else the adapter keeps."""
        return {**(more or {}), "client": self._session.client_id, "bunch": self._number}

    @property
    def starved(self) -> bool:
        """Whether the connection ended only because the store took nothing for so long."""
        return self._wire.starved


def _bunch(cursor: object) -> int:
    number = cursor.get("bunch") if isinstance(cursor, Mapping) else None
    return number if isinstance(number, int) else 0


@asynccontextmanager
async def subscribed(
    where: Address, topics: Sequence[str], options: BrokerOptions, context: Context, session: Session
) -> AsyncIterator[Subscription]:
    """A connection with these topics. Raises SourceError."""
    memory = context.memory
    dial = Dial(
        host=where.host,
        port=where.port,
        version=5 if options.version == 5 else 4,
        tls=_tls(where, options),
        websocket_path=where.path,
        client_id=session.client_id,
        user=_secret(options.user_env, context),
        password=_secret(options.password_env, context),
        clean=session.first or bool(memory.pop("mqtt_clean", False)),
        session_s=min(TRIAL_S, options.session_s) if session.first else options.session_s,
        keepalive_s=options.keepalive_s,
        max_packet_b=max(16 << 20, options.max_message_b + (1 << 16)),
    )
    wire = Wire(dial, context.clock)
    try:
        try:
            await wire.open()
            await wire.subscribe(topics, options.qos, retained="mqtt_bunch" not in memory)
        except Lost as error:
            raise failure(error, where) from None
        except TimeoutError:
            raise Unreachable(endpoint=where, reason="no answer of the broker") from None
        yield Subscription(wire, where, options, session, memory)
    finally:
        if wire.lost is not None and wire.lost.too_large:
            memory["mqtt_clean"] = True  # a 3.1.1 broker would send it again for ever
        await wire.close()


def failure(lost: Lost, where: Address) -> Unreachable | Refused | Garbled:
    """The lost connection in the words of the sources."""
    if lost.refused:
        return Refused(endpoint=where, reason=str(lost))
    if lost.too_large:
        return Garbled(endpoint=where, protocol="MQTT within our limits", reason=str(lost))
    return Unreachable(endpoint=where, reason=str(lost))


def _secret(name: str | None, context: Context) -> str | None:
    return context.secret(name) if name else None


def _tls(where: Address, options: BrokerOptions) -> ssl.SSLContext | None:
    """Raises Refused when a file of certificates cannot be read."""
    if not where.tls:
        return None
    try:
        made = ssl.create_default_context(cafile=options.ca_file)
        if options.client_cert:
            made.load_cert_chain(options.client_cert)
    except OSError as error:
        raise Refused(endpoint=where, reason=f"a file of certificates cannot be used: {error.strerror}") from None
    return made
