"""Where NMEA lines come from: a TCP connection, UDP datagrams, a file. Each gives chunks of lines.

Every wire gives None when nothing came for a moment, so that its reader can close a batch in time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from geodata.records import Rejected
from geodata.store.types import Cursor
from sources._nmea import Lines
from sources.base import Unreachable

READ_B = 1 << 16
MAX_DATAGRAMS = 4096


class WireOptions(Protocol):
    """What a wire reads of the options of AIS."""

    @property
    def transport(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def follow(self) -> bool: ...
    @property
    def batch_s(self) -> float: ...
    @property
    def connect_s(self) -> float: ...
    @property
    def silence_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines that came together, from ``origin``; ``cursor`` is where a file goes on after them."""

    lines: Sequence[bytes | Rejected]
    origin: str = ""
    cursor: Cursor | None = None


def open_wire(options: WireOptions, cursor: Cursor | None) -> AsyncGenerator[Chunk | None, None]:
    """The wire that the options name. Its iterator raises Unreachable."""
    if options.transport == "tcp":
        return _tcp(options)
    if options.transport == "udp":
        return _udp(options)
    return _file(options, cursor)


async def _tcp(options: WireOptions) -> AsyncGenerator[Chunk | None, None]:
    """A newline stream. Begins anywhere: a first line that is cut fails its checksum and the next one is read."""
    endpoint = f"tcp://{options.host}:{options.port}"
    try:
        async with asyncio.timeout(options.connect_s):
            reader, writer = await asyncio.open_connection(options.host, options.port)
    except (OSError, TimeoutError) as error:
        raise Unreachable(endpoint=endpoint, reason=_reason(error)) from error
    lines, loop = Lines(), asyncio.get_running_loop()
    last = loop.time()
    try:
        while True:
            try:
                async with asyncio.timeout(options.batch_s):
                    data = await reader.read(READ_B)
            except TimeoutError:
                if loop.time() - last > options.silence_s:
                    reason = f"not a byte for {options.silence_s:g} s"
                    raise Unreachable(endpoint=endpoint, reason=reason) from None
                yield None
                continue
            if not data:
                break
            last = loop.time()
            yield Chunk(list(lines.feed(data)))
            await asyncio.sleep(0)  # a fast stream must leave the loop to the others
    except OSError as error:
        raise Unreachable(endpoint=endpoint, reason=_reason(error)) from error
    finally:
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
    for _ in range(2):  # lets the reader close its batch before the loss is told
        await asyncio.sleep(options.batch_s / 2)
        yield None
    raise Unreachable(endpoint=endpoint, reason="the connection was closed")


class _Datagrams(asyncio.DatagramProtocol):
    """A bounded row of datagrams; when nobody reads in time the newest are dropped and counted."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue(MAX_DATAGRAMS)
        self.dropped = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self.waiting.put_nowait((data, addr[0]))
        except asyncio.QueueFull:
            self.dropped += 1


async def _udp(options: WireOptions) -> AsyncGenerator[Chunk | None, None]:
    """One or several sentences a datagram, in no order; a datagram never continues another."""
    endpoint = f"udp://{options.host}:{options.port}"
    try:
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            _Datagrams, sock=_bound(options.host, options.port)
        )
    except OSError as error:
        raise Unreachable(endpoint=endpoint, reason=_reason(error)) from error
    try:
        while True:
            try:
                async with asyncio.timeout(options.batch_s):
                    data, origin = await protocol.waiting.get()
            except TimeoutError:
                yield None
                continue
            lines = Lines()
            found: list[bytes | Rejected] = [*lines.feed(data), *lines.end()]
            found += [Rejected(reason="overflow", detail="read too slowly")] * protocol.dropped
            protocol.dropped = 0
            yield Chunk(found, origin)
    finally:
        transport.close()


def _bound(host: str, port: int) -> socket.socket:
    """A bound UDP socket; a multicast group is joined on every interface the system chooses."""
    address = ipaddress.ip_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if address.is_multicast and address.version == 4:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            member = struct.pack("4s4s", address.packed, socket.inet_aton("0.0.0.0"))  # noqa: S104 (any interface)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


async def _file(options: WireOptions, cursor: Cursor | None) -> AsyncGenerator[Chunk | None, None]:
    """A file from where the cursor stands; a file that was replaced or cut is read from its start."""
    assert options.path is not None
    while True:
        try:
            handle = await asyncio.to_thread(options.path.open, "rb")
        except OSError as error:
            raise Unreachable(endpoint=str(options.path), reason=_reason(error)) from error
        with handle:
            async with aclosing(_read(handle, options, cursor)) as flow:
                async for chunk in flow:
                    yield chunk
        cursor = None
        if not options.follow:
            return


async def _read(handle: BinaryIO, options: WireOptions, cursor: Cursor | None) -> AsyncGenerator[Chunk | None, None]:
    """The lines of one open file; returns at its end, or with ``follow`` when another file took its name."""
    assert options.path is not None
    identity, lines = os.fstat(handle.fileno()).st_ino, Lines()
    start = cursor.get("offset") if cursor and cursor.get("file") == identity else 0
    offset = start if isinstance(start, int) and start <= os.fstat(handle.fileno()).st_size else 0
    handle.seek(offset)
    while True:
        data = await asyncio.to_thread(handle.read, READ_B)
        if data:
            offset += len(data)
            found = list(lines.feed(data))
            yield Chunk(found, cursor={"file": identity, "offset": offset - lines.held_b})
            continue
        if not options.follow:
            yield Chunk(list(lines.end()), cursor={"file": identity, "offset": offset})
            return
        yield None
        await asyncio.sleep(options.batch_s)
        with suppress(FileNotFoundError):
            now = options.path.stat()
            if now.st_ino != identity or now.st_size < offset:
                yield Chunk(list(lines.end()))
                return


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
