"""A port that an outage shuts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

LOOK_S = 0.1


class Door(Protocol):
    """What listens. ``open`` and ``close`` may be called again and again."""

    @property
    def is_open(self) -> bool: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...


async def follow(door: Door, out: Callable[[], bool]) -> None:
    """Shut while ``out`` says so, open otherwise; until cancelled, and then shut."""
    try:
        while True:
            await asyncio.sleep(LOOK_S)
            if out():
                await door.close()
            elif not door.is_open:
                await door.open()
    finally:
        await door.close()
