"""The end of an HTTP server of ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.httpserver import HTTPServer

GRACE_S = 5.0


async def closed(server: HTTPServer, grace_s: float = GRACE_S) -> None:
    """No new connection, and those that stand are closed. Safe to call twice.

    Tornado waits for the loop of each connection without a bound: a process that is told to stop must not hang on a
    stranger's socket.
    """
    server.stop()
    with suppress(TimeoutError):
        async with asyncio.timeout(grace_s):
            await server.close_all_connections()
