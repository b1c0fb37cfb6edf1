"""An HTTP port that can fail on request: refuse, stall, garble, or send a line without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import tornado.httpserver
import tornado.iostream
import tornado.netutil
import tornado.web

from sources._served import closed
from sources.simulator.door import follow
from sources.simulator.errors import SimulatorPortTaken
from sources.simulator.faults import Faults, Kind

LOOPBACK = "127.0.0.1"
HUGE_BYTES = 1 << 30
CHUNK = b"0" * (1 << 16)
_WATCH_S = 0.1


class FaultyHandler(tornado.web.RequestHandler):
    """Sends a body unless a fault says otherwise."""

    def initialize(self, source: str, faults: Faults, **_: Any) -> None:
        self.source = source
        self.faults = faults
        self.gone = asyncio.Event()

    def on_connection_close(self) -> None:
        self.gone.set()

    async def prepare(self) -> None:
        while self.faults.is_on(self.source, Kind.STALL) and not self.gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_WATCH_S):
                    await self.gone.wait()

    async def send(self, body: str, content_type: str, status: int = HTTPStatus.OK) -> None:
        self.set_status(status)
        self.set_header("Content-Type", f"{content_type}; charset=utf-8")
        data = body.encode()
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            await self._huge()
            return
        if self.faults.is_on(self.source, Kind.GARBAGE):
            data = data[: len(data) // 2] + b"\xff\xfe\x00{<"
        await self.finish(data)

    async def _huge(self) -> None:
        try:
            for _ in range(HUGE_BYTES // len(CHUNK)):
                self.write(CHUNK)
                await self.flush()
            await self.finish()
        except tornado.iostream.StreamClosedError:
            return  # the client had enough, as it should

    def log_exception(self, *args: Any) -> None:
        """A client that leaves is not an error of ours."""
        if not isinstance(args[1], tornado.iostream.StreamClosedError):
            super().log_exception(*args)


class HttpFeed:
    """One source's port. ``port`` is 0 for any free one and the real one after ``open``."""

    def __init__(self, source: str, routes: Sequence[Any], faults: Faults, port: int = 0) -> None:
        self.source, self.faults, self.port = source, faults, port
        self._application = tornado.web.Application(list(routes), log_function=_quiet)
        self._server: tornado.httpserver.HTTPServer | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Begin to listen on loopback. Raises SimulatorPortTaken."""
        try:
            sockets = tornado.netutil.bind_sockets(self.port, LOOPBACK)
        except OSError:
            raise SimulatorPortTaken(port=self.port, what=self.source) from None
        self.port = sockets[0].getsockname()[1]
        self._server = tornado.httpserver.HTTPServer(self._application)
        self._server.add_sockets(sockets)

    async def run(self) -> None:
        """Follow the outage switch until cancelled."""
        await follow(self, lambda: self.faults.is_on(self.source, Kind.OUTAGE))

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await closed(server)


def _quiet(handler: tornado.web.RequestHandler) -> None:
    """No access log: a poll every few seconds says nothing."""
