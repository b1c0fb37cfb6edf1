"""The transports of TAK that we open ourselves: a TCP or TLS connection to a server, and datagrams of a mesh."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Protocol
from xml.sax.saxutils import quoteattr

from sources._cot_frames import NoFrame, split
from sources.base import Garbled, Refused, Unreachable

CONNECT_S = 10.0
READ_B = 1 << 16
TICK_S = 0.5
QUEUED = 20_000
Secret = Callable[[str], str | None]


class WireOptions(Protocol):
    """What the transports need of the options."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def interface(self) -> str: ...
    @property
    def tls(self) -> bool: ...
    @property
    def verify(self) -> bool: ...
    @property
    def server_name(self) -> str | None: ...
    @property
    def ca_file(self) -> str | None: ...
    @property
    def cert_file(self) -> str | None: ...
    @property
    def identity_file(self) -> str | None: ...
    @property
    def identity_password_env(self) -> str | None: ...
    @property
    def username(self) -> str | None: ...
    @property
    def password_env(self) -> str | None: ...


def client_tls(options: WireOptions, secret: Secret) -> ssl.SSLContext | None:
    """The context for a TLS server that asks for our certificate. Raises OSError for files that cannot be read."""
    if not options.tls:
        return None
    context = ssl.create_default_context(cafile=options.ca_file)
    if not options.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.cert_file:
        password = secret(options.identity_password_env) if options.identity_password_env else None
        context.load_cert_chain(options.cert_file, options.identity_file, password or "")
    return context


def server_tls(options: WireOptions) -> ssl.SSLContext | None:
    """The context of a port of ours; with ``ca_file`` clients must show a certificate of it. Raises OSError."""
    if not options.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.ca_file)
    if options.cert_file:
        context.load_cert_chain(options.cert_file, options.identity_file)
    if options.ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def connected(options: WireOptions, secret: Secret) -> AsyncGenerator[list[bytes], None]:
    """Messages of a server as they come; an empty list when nothing came for a moment. Raises SourceError."""
    where = f"{'tls' if options.tls else 'tcp'}://{options.host}:{options.port}"
    reader, writer = await _open(options, secret, where)
    buffer = bytearray()
    try:
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    chunk = await reader.read(READ_B)
            except TimeoutError:
                yield []
                continue
            if not chunk:
                raise Unreachable(endpoint=where, reason="the server ended the connection")
            buffer += chunk
            yield _taken(buffer, where)
    except OSError as error:
        raise Unreachable(endpoint=where, reason=error.strerror or type(error).__name__) from error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _taken(buffer: bytearray, where: str) -> list[bytes]:
    """The whole messages; bytes that hold none become one piece, to be rejected. Raises Garbled without any message."""
    found: list[bytes] = []
    while True:
        try:
            found.extend(split(buffer))
        except NoFrame as error:
            start = buffer.find(b"<event", 1)
            if not found and start < 0:
                raise Garbled(endpoint=where, protocol="Cursor-on-Target", reason=str(error)) from error
            end = start if start > 0 else len(buffer)
            found.append(bytes(buffer[: min(end, 1 << 16)]))
            del buffer[:end]
        else:
            return found


async def _open(options: WireOptions, secret: Secret, where: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        context = client_tls(options, secret)
        name = (options.server_name or options.host) if context else None
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(
                options.host, options.port, ssl=context, server_hostname=name
            )
    except ssl.SSLError as error:
        raise Refused(endpoint=where, reason=error.reason or "TLS failed") from error
    except TimeoutError as error:
        raise Unreachable(endpoint=where, reason=f"no connection within {CONNECT_S:.0f} s") from error
    except OSError as error:
        raise Unreachable(endpoint=where, reason=error.strerror or str(error)) from error
    _keep_alive(writer.get_extra_info("socket"))
    if options.username:
        password = (secret(options.password_env) if options.password_env else None) or ""
        writer.write(
            f"<auth><cot username={quoteattr(options.username)} password={quoteattr(password)}/></auth>".encode()
        )
    return reader, writer


def _keep_alive(connection: socket.socket) -> None:
    """A server may be silent for long; the kernel finds out when it is gone."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class _Datagrams(asyncio.DatagramProtocol):
    """A bounded row of datagrams."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
        self.lost = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            self.lost += 1


async def datagrams(options: WireOptions) -> AsyncGenerator[tuple[list[bytes], int], None]:
    """Datagrams as they come, and how many were lost since the last look. Raises Unreachable."""
    where = f"udp://{options.host}:{options.port}"
    try:
        opened = _bound(options.host, options.port, options.interface)
    except (OSError, ValueError) as error:
        raise Unreachable(endpoint=where, reason=getattr(error, "strerror", None) or str(error)) from error
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Datagrams, sock=opened)
    try:
        while True:
            found: list[bytes] = []
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    found.append(await protocol.queue.get())
            while not protocol.queue.empty() and len(found) < QUEUED:
                found.append(protocol.queue.get_nowait())
            lost, protocol.lost = protocol.lost, 0
            yield found, lost
    finally:
        transport.close()


def _bound(host: str, port: int, interface: str) -> socket.socket:
    """A socket on the port; of a multicast group joined on ``interface`` (an address of ours, 0.0.0.0: the default)."""
    address = ip_address(host)
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        if address.is_multicast:
            group = struct.pack("4s4s", socket.inet_aton(host), socket.inet_aton(interface))
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
