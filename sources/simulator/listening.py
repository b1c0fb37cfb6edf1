"""A TCP port on loopback of the simulated city."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sources.simulator.errors import SimulatorPortTaken
from sources.simulator.http_feed import LOOPBACK


async def listen(
    enter: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None],
    port: int,
    what: str,
    **more: Any,
) -> tuple[asyncio.Server, int]:
    """The server and its port, a free one for 0. ``more`` goes to asyncio. Raises SimulatorPortTaken."""
    try:
        server = await asyncio.start_server(enter, LOOPBACK, port, **more)
    except OSError:
        raise SimulatorPortTaken(port=port, what=what) from None
    return server, int(server.sockets[0].getsockname()[1])
