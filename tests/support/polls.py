"""Polls of a simulated feed around a fault: a city opens and closes its doors a moment after the switch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sources.base import SourceError
from tests.support.patience import in_time

T = TypeVar("T")
STALLED_S = 0.4
"""Patience of a client with a server that is known to say nothing. With a good one it is HANG_S."""


async def fails(poll: Callable[[], Awaitable[object]]) -> SourceError:
    """Polls until that fails, and how it did."""
    async with in_time():
        while True:
            try:
                await poll()
            except SourceError as error:
                return error
            await asyncio.sleep(0.02)


async def works(poll: Callable[[], Awaitable[T]]) -> T:
    """Polls until that works, and what it gave."""
    async with in_time():
        while True:
            try:
                return await poll()
            except SourceError:
                await asyncio.sleep(0.02)
