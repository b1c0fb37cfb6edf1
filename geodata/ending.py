"""The end of asyncio tasks and of listening ports, for certain."""

from __future__ import annotations

import asyncio
from typing import Any

TURNS = 4
"""Of the loop, from a connection that was taken to its handler: transport, protocol, task, its first step."""

AGAIN_S = 6.0
"""Longer than an orderly end takes (five seconds of waiting for a process): a second word would break it off."""


async def ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancels them and returns when each has ended, whatever it ended with.

    Before Python 3.12 ``asyncio.wait_for`` overhears a cancellation that comes in the moment in which it has what it
    waited for (python/cpython#86296), also within libraries: the task then goes on, and who cancelled it once waits
    for ever. So what has not ended is cancelled again.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN_S)
        for task in done:
            if not task.cancelled():
                task.exception()  # nobody else asks for it


async def refused(server: asyncio.Server) -> None:
    """Takes no new connection, and returns when those just taken are with their handlers; ``close`` follows.

    asyncio forgets a connection that it took in the moment of ``close``: an assertion fails that nobody hears, and the
    socket stays open until it is collected.
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def shut(server: asyncio.Server) -> None:
    """Closes the port; every connection that it took is with its handler, whose it is to end."""
    try:
        await refused(server)
    finally:
        asyncio.Server.close(server)
