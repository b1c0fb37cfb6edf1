"""One MQTT connection in asyncio, on paho's public interface: manual acknowledgement, bounded memory, no threads
but for the connect.

paho and not aiomqtt reads here, for three things that aiomqtt (itself a layer over paho) hides: a message is
acknowledged only when it was handed over, the socket is left alone while nobody takes what came, and a message is
refused by its announced length before it is read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from geodata.ending import ended

CHUNK = 1 << 16
PACKETS_AT_ONCE = 400
"""Read without letting others run: about 20 ms of work."""

WINDOW = 2_000
"""Sent to us at QoS 1 and not yet acknowledged: MQTT 5 lets us say it; of an older broker it is its own, often 20."""

MAX_WAITING = 20_000
MAX_WAITING_B = 64 << 20
"""Beyond either the socket is left alone until what came has been taken."""

MISC_S = 1.0
NOT_AUTHORIZED = frozenset({4, 5, 134, 135, 138, 140})
"""Refusals of MQTT 3.1.1 and 5: bad user or password, not authorised, banned, bad authentication method."""


class Lost(Exception):
    """The connection failed: ``refused`` by a broker that does not want us, ``too_large`` when a message was."""

    def __init__(self, reason: str, *, refused: bool = False, too_large: bool = False) -> None:
        super().__init__(reason)
        self.refused, self.too_large = refused, too_large


@dataclass(frozen=True, slots=True)
class Message:
    """One PUBLISH. ``dup`` is the broker's word that it may have sent it before, ``mid`` 0 at QoS 0."""

    topic: str
    payload: bytes
    arrival: datetime
    qos: int = 0
    retain: bool = False
    dup: bool = False
    mid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Whom to call and how. ``clean`` begins a new session, which then lasts ``session_s`` beyond the connection."""

    host: str
    port: int
    version: Literal[4, 5] = 5
    tls: ssl.SSLContext | None = None
    websocket_path: str | None = None
    client_id: str
    user: str | None = None
    password: str | None = None
    clean: bool = False
    session_s: int = 0
    keepalive_s: int = 20
    connect_s: float = 10.0
    max_packet_b: int = 16 << 20

    def __repr__(self) -> str:
        return f"Dial({self.host}:{self.port})"


class _Paho(paho.Client):
    """paho that asks the socket for no more than it should, and knows how much it got."""

    limit_b = 0
    got_b = 0
    too_large_b = 0

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > self.limit_b:
            self.too_large_b = bufsize
            raise ConnectionAbortedError("a message beyond the limit")
        found = super()._sock_recv(min(bufsize, CHUNK))
        self.got_b += len(found)
        return found

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """As paho does it, but closed when the other side is not whom we trust."""
        assert self._ssl_context is not None
        tcp_sock.settimeout(self.connect_timeout)
        found = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            found.do_handshake()
        except BaseException:
            found.close()
            raise
        return found


class Wire:
    """``open``, ``subscribe``, then ``take`` and ``ack``; ``close`` at the end, also of what failed."""

    def __init__(self, dial: Dial, clock: Callable[[], datetime]) -> None:
        self._dial, self._clock = dial, clock
        self._loop = asyncio.get_running_loop()
        self._client = self._made(dial)
        self._waiting: deque[Message] = deque()
        self._waiting_b = 0
        self._came = asyncio.Event()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._granted: dict[int, asyncio.Future[Sequence[Any]]] = {}
        self._misc: asyncio.Task[None] | None = None
        self._socket: Any = None
        self._paused = False
        self.lost: Lost | None = None
        self.starved = False  # the connection ended while the socket was left alone: our doing, not the broker's

    def _made(self, dial: Dial) -> _Paho:
        client = _Paho(
            CallbackAPIVersion.VERSION2,
            client_id=dial.client_id,
            clean_session=None if dial.version == paho.MQTTv5 else dial.clean,
            protocol=MQTTProtocolVersion(dial.version),
            transport="tcp" if dial.websocket_path is None else "websockets",
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.limit_b = dial.max_packet_b
        client.connect_timeout = dial.connect_s
        if dial.user is not None:
            client.username_pw_set(dial.user, dial.password)
        if dial.tls is not None:
            client.tls_set_context(dial.tls)
        if dial.websocket_path is not None:
            client.ws_set_options(path=dial.websocket_path)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_message = self._on_subscribe, self._on_message
        client.on_socket_close = lambda _client, _data, _sock: self._forget()
        client.on_socket_register_write = lambda _client, _data, sock: self._watch_write(sock)
        client.on_socket_unregister_write = lambda _client, _data, sock: self._unwatch_write(sock)
        return client

    async def open(self) -> None:
        """Connects, the blocking part in a thread. Raises Lost."""
        connecting = asyncio.create_task(asyncio.to_thread(self._connect))
        try:
            async with asyncio.timeout(2 * self._dial.connect_s):
                await asyncio.shield(connecting)
                self._listen()
                self._misc = asyncio.create_task(self._look_after())
                await self._connected
        except (OSError, ValueError, paho.WebsocketConnectionError) as error:
            await self.close()
            raise Lost(_plain(error)) from None
        except BaseException:
            connecting.add_done_callback(self._too_late)
            await self.close()
            raise

    def _listen(self) -> None:
        self._socket = self._client.socket()
        if self._socket is None:
            raise Lost("the connection closed at once")
        self._loop.add_reader(self._socket, self._read)
        if self._client.want_write():
            self._watch_write(self._socket)

    def _connect(self) -> None:
        """Blocks: name, TCP, TLS, websocket, and the CONNECT packet into the socket."""
        dial, properties, clean_start = self._dial, None, paho.MQTT_CLEAN_START_FIRST_ONLY
        if dial.version == paho.MQTTv5:
            properties, clean_start = Properties(PacketTypes.CONNECT), dial.clean  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = dial.max_packet_b
            properties.ReceiveMaximum = WINDOW
            properties.SessionExpiryInterval = dial.session_s
        self._client.connect(dial.host, dial.port, dial.keepalive_s, clean_start=clean_start, properties=properties)

    async def subscribe(self, topics: Sequence[str], qos: int, *, retained: bool) -> None:
        """All topics at once. Retained messages come again with ``retained``, and in 3.1.1 always. Raises Lost."""
        wanted: list[Any] = [(topic, qos) for topic in topics]
        if self._dial.version == paho.MQTTv5:
            wanted = [(topic, SubscribeOptions(qos=qos, retainHandling=0 if retained else 1)) for topic in topics]
        code, mid = self._client.subscribe(wanted)
        if code != paho.MQTT_ERR_SUCCESS or mid is None:
            raise self.lost or Lost(paho.error_string(code))
        self._granted[mid] = self._loop.create_future()
        async with asyncio.timeout(self._dial.connect_s):
            codes = await self._granted[mid]
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code.is_failure]
        if refused:
            raise Lost(f"no subscription to {refused[0][:80]}", refused=True)

    async def wait(self, seconds: float) -> None:
        """Returns when a message waits, the connection is lost, or the time is over."""
        if not self._waiting and self.lost is None:
            self._came.clear()
            with suppress(TimeoutError):  # not wait_for: it forgets to be cancelled when the message comes just then
                async with asyncio.timeout(max(seconds, 0)):
                    await self._came.wait()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, most: int) -> list[Message]:
        """What waits, oldest first. The socket is looked at again when little is left."""
        found = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._waiting_b -= sum(len(message.payload) for message in found)
        if self._paused and not self._full(0.5) and self._socket is not None:
            self._paused = False
            self._loop.add_reader(self._socket, self._read)
        return found

    def ack(self, messages: Sequence[Message]) -> None:
        """The broker may forget these. A connection that is lost by now sends them again."""
        if self.lost is None:
            for message in messages:
                if message.qos == 1:
                    self._client.ack(message.mid, 1)

    async def close(self) -> None:
        """Says good-bye where that is possible; the session stays at the broker. Safe to call twice."""
        if self._misc is not None:
            await ended(self._misc)
            self._misc = None
        if self._socket is not None and self.lost is None:
            with suppress(OSError, ValueError):
                self._client.disconnect()
        self._abandon()

    def _too_late(self, connecting: asyncio.Task[None]) -> None:
        """The thread came to its end, this way or the other, when nobody waited for it any more."""
        if not connecting.cancelled():
            connecting.exception()
        self._abandon()

    def _abandon(self) -> None:
        """The socket closed, whatever paho thinks of it."""
        if not self._connected.done():
            self._connected.cancel()
        sock = self._client.socket()
        self._forget()
        if sock is not None:
            with suppress(OSError, ValueError, AttributeError):
                sock.close()

    def _forget(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            with suppress(ValueError, OSError):
                self._loop.remove_reader(sock)
                self._loop.remove_writer(sock)

    def _watch_write(self, sock: Any) -> None:
        """Not while the thread of the connect runs (the loop is not its own): ``_listen`` looks itself."""
        if self._socket is not None:
            self._loop.add_writer(sock, self._guarded(self._client.loop_write))

    def _unwatch_write(self, sock: Any) -> None:
        if self._socket is not None:
            self._loop.remove_writer(sock)

    def _read(self) -> None:
        """All that is there, packet by packet, as long as the row has room."""
        for _ in range(PACKETS_AT_ONCE):
            before = self._client.got_b
            self._guarded(self._client.loop_read)()
            if self._client.got_b == before or self.lost is not None:
                return
            if self._full():
                self._paused = True
                self._loop.remove_reader(self._socket)
                return

    def _guarded(self, call: Callable[[], Any]) -> Callable[[], None]:
        """Whatever paho raises over broken packets: the connection is lost, the loop lives on."""

        def run() -> None:
            try:
                call()
            except Exception as error:  # noqa: BLE001 (any of them)
                self._end(Lost(f"broken packets: {_plain(error)}"))

        return run

    def _full(self, share: float = 1.0) -> bool:
        return len(self._waiting) >= MAX_WAITING * share or self._waiting_b >= MAX_WAITING_B * share

    async def _look_after(self) -> None:
        """Pings, and notices a broker that does not answer them: within twice the keep-alive."""
        while self.lost is None:
            await asyncio.sleep(MISC_S)
            self._guarded(self._client.loop_misc)()

    def _end(self, reason: Lost) -> None:
        if self.lost is None:
            self.lost, self.starved = reason, self._paused
        for waiting in self._waiters():
            if not waiting.done():
                waiting.set_exception(reason)
                waiting.exception()  # whoever awaits it gets it; nobody else needs to
        self._came.set()

    def _waiters(self) -> Sequence[asyncio.Future[Any]]:
        """What hangs on the connection and must hear of its end."""
        return [self._connected, *self._granted.values()]

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            words = str(code)
            self._end(Lost(words, refused=code.value in NOT_AUTHORIZED))
        elif not self._connected.done():
            self._connected.set_result(None)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if large := self._client.too_large_b:
            self._end(Lost(f"a message of {large >> 20} MB", too_large=True))
        self._end(Lost(f"the connection ended: {code}".lower()))

    def _on_subscribe(self, _client: Any, _data: Any, mid: int, codes: Sequence[Any], _properties: Any) -> None:
        if (waiting := self._granted.pop(mid, None)) is not None and not waiting.done():
            waiting.set_result(codes)

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "\N{REPLACEMENT CHARACTER}"
        came = Message(
            topic, bytes(message.payload), self._clock(), message.qos, message.retain, bool(message.dup), message.mid
        )
        self._waiting.append(came)
        self._waiting_b += len(came.payload)
        self._came.set()


def _plain(error: BaseException) -> str:
    """An error of the socket in a few words."""
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
