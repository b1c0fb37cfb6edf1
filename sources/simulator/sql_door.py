"""The way to an office's database: a port of its own before the server, which can be shut or fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from geodata.ending import ended, shut
from sources.simulator.door import LOOK_S, follow
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.listening import listen

CHUNK_B = 1 << 16


class SqlDoor:
    """Hands bytes to and fro and understands none of them. ``port`` is 0 for any free one, and the real one after
    ``open``; ``server`` tells the port behind, None while there is none.
    """

    def __init__(self, source: str, faults: Faults, server: Callable[[], int | None], port: int = 0) -> None:
        self.source, self.faults, self.port = source, faults, port
        self._server_port = server
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Begins to listen on loopback. Raises SimulatorPortTaken."""
        self._server, self.port = await listen(self._enter, self.port, self.source)

    async def run(self) -> None:
        """Follows the outage switch until cancelled."""
        await follow(self, lambda: self.faults.is_on(self.source, Kind.OUTAGE))

    async def close(self) -> None:
        """Shuts the port and ends whoever is inside."""
        server, self._server = self._server, None
        if server is not None:
            await shut(server)
        await ended(*self._ways)

    def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.create_task(self._guide(reader, writer))
        self._ways.add(way)
        way.add_done_callback(self._ways.discard)

    async def _guide(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions of one connection, until either end hangs up."""
        behind: asyncio.StreamWriter | None = None
        try:
            port = self._server_port()
            if port is None:
                return
            answers, behind = await asyncio.open_connection(LOOPBACK, port)
            both = [asyncio.create_task(self._pass(reader, behind)), asyncio.create_task(self._pass(answers, writer))]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await ended(*both)
        except OSError:
            return  # no server behind: the guest sees a closed door
        finally:
            for end in (writer, behind):
                if end is not None:
                    end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_B):
                while self.faults.is_on(self.source, Kind.STALL):  # noqa: ASYNC110 (faults tell nobody)
                    await asyncio.sleep(LOOK_S)
                writer.write(chunk)
                await writer.drain()
