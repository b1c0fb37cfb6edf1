"""A task that is cancelled at a place of our choice: the n-th time it lets the loop go on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class StoppedAt:
    """Awaits ``work`` and cancels its own task as it begins to wait for the ``place``-th time, from 0."""

    work: Coroutine[Any, Any, None]
    place: int
    waits: int = field(default=0, init=False)

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self.work.__await__()
        error: BaseException | None = None
        value: Any = None
        while True:
            try:
                waited = inner.send(value) if error is None else inner.throw(error)
            except StopIteration:
                return
            if self.waits == self.place:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            self.waits += 1
            value, error = None, None
            try:
                value = yield waited
            except BaseException as thrown:  # noqa: BLE001 (whatever it is, it is for the work)
                error = thrown


async def stopped_at(work: Coroutine[Any, Any, None], place: int, limit_s: float) -> bool:
    """Whether the work was cancelled there; False when it ended before. Raises TimeoutError when it did not stop, and
    what the work raises.
    """

    async def run() -> None:
        await StoppedAt(work, place)

    task = asyncio.create_task(run())
    await asyncio.wait({task}, timeout=limit_s)
    if not task.done():
        task.cancel()
        raise TimeoutError(f"still goes on, cancelled at wait {place}")
    if not task.cancelled():
        task.result()
    return task.cancelled()
