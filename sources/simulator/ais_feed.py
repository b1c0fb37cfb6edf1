"""A shore station as a port: NMEA lines to every TCP client, or as UDP datagrams, with faults on request."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Sequence
from typing import Literal

from geodata.ending import shut
from sources.simulator import nmea
from sources.simulator.errors import SimulatorPortTaken
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import CHUNK, HUGE_BYTES, LOOPBACK
from sources.simulator.radio import Heard

Transport = Literal["tcp", "udp"]

SLOW_CLIENT_BYTES = 8 << 20
HELD_LINES = 500_000
_GARBAGE_EVERY = 3


class AISFeed:
    """One receiver. ``station`` stands in the TAG blocks; ``port`` 0 is any free one, the real one after ``open``."""

    def __init__(self, source: str, station: str, faults: Faults, port: int = 0, transport: Transport = "tcp") -> None:
        self.source, self.station, self.faults, self.port, self.transport = source, station, faults, port, transport
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._datagrams: socket.socket | None = None
        self._held: deque[bytes] = deque(maxlen=HELD_LINES)
        self._count = 0

    async def open(self) -> None:
        """Begin to serve on loopback. Raises SimulatorPortTaken."""
        try:
            if self.transport == "udp":
                self._open_udp()
            else:
                self._server = await asyncio.start_server(self._client, LOOPBACK, self.port)
                self.port = self._server.sockets[0].getsockname()[1]
        except OSError:
            raise SimulatorPortTaken(port=self.port, what=self.source) from None

    def _open_udp(self) -> None:
        if self.port == 0:  # the reader binds it: find a free number and leave it
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind((LOOPBACK, 0))
                self.port = probe.getsockname()[1]
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.setblocking(False)

    async def close(self) -> None:
        """Refuse new connections and end the open ones."""
        server, self._server = self._server, None
        if server is not None:
            await shut(server)
        for client in list(self._clients):
            client.close()
        self._clients.clear()
        if self._datagrams is not None:
            self._datagrams.close()
            self._datagrams = None

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            while await reader.read(4096):
                pass  # receivers take no orders; reading tells when the client leaves
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def hand_over(self, heard: Sequence[Heard]) -> None:
        """Messages in the order of time, as the fault of the moment leaves them."""
        fault = self.faults.of(self.source)
        kind = fault.kind if fault else None
        if kind is Kind.OUTAGE:
            if self._server is not None or self._datagrams is not None:
                await self.close()
            return
        if self._server is None and self._datagrams is None:
            await self.open()
        if kind is Kind.STALL:
            return
        if kind is Kind.HUGE_LINE:
            await self._huge()
            return
        lines = self._lines(heard, self.faults.skew_s(self.source))
        if kind is Kind.LATE:
            self._held.extend(lines)
            return
        if self._held:
            lines = [*self._held, *lines]
            self._held.clear()
        if kind is Kind.GARBAGE:
            lines = [self._garbled(line) for line in lines]
        self._send([line for line in lines for _ in range(2 if kind is Kind.DUPLICATES else 1)])

    def _lines(self, heard: Sequence[Heard], skew_s: float) -> list[bytes]:
        return [
            line.encode() + b"\r\n"
            for item in heard
            for line in nmea.sentences(item.message, item.t + skew_s, self.station)
        ]

    def _garbled(self, line: bytes) -> bytes:
        self._count += 1
        if self._count % _GARBAGE_EVERY:
            return line
        middle = len(line) // 2
        return line[:middle] + b"\xff\x00~~" + line[middle + 5 :]

    def _send(self, lines: Sequence[bytes]) -> None:
        if self._datagrams is not None:
            for line in lines:
                with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                    self._datagrams.sendto(line, (LOOPBACK, self.port))
            return
        data = b"".join(lines)
        for client in list(self._clients):
            if client.transport.get_write_buffer_size() > SLOW_CLIENT_BYTES:
                client.transport.abort()  # it does not read; it may come back
                self._clients.discard(client)
            elif data:
                client.write(data)

    async def _huge(self) -> None:
        """A gigabyte without an end of line to every client, at the pace at which it is read."""
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                for _ in range(HUGE_BYTES // len(CHUNK)):
                    client.write(CHUNK)
                    await client.drain()
                    if not self.faults.is_on(self.source, Kind.HUGE_LINE):
                        return
                client.write(b"\r\n")
