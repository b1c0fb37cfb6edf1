"""The end of asyncio tasks, for certain."""

from __future__ import annotations

import asyncio
from typing import Any

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
