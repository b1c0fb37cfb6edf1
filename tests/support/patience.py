"""How long a test waits before it calls something hung, and how a test says that work is cheap: never by seconds.

A test machine may be three times slower than ours and busy with two other workers, so no test says how fast a thing
must be. It says what the thing must not wait for (an event that the test holds back), what it must give up (a server
that never answers, under ``in_time``), or how its cost grows (``linear``). ``make bench`` measures speed itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

HANG_S = 60.0
"""Longer than anything that works takes."""

NEVER_S = 3600.0
"""A server that sleeps so long never answers, as far as a test can see."""

SHOWN_MS = 120_000
"""Milliseconds until a page that does not show a thing never will. Costs nothing where all is well."""


def in_time() -> asyncio.Timeout:
    """A block that must not hang: fails with TimeoutError."""
    return asyncio.timeout(HANG_S)


async def within(seconds: float, work: Awaitable[T]) -> T:
    """Its result; TimeoutError when it takes longer."""
    async with asyncio.timeout(seconds):
        return await work


def linear(work: Callable[[int], object], size: int, times: int = 4, tries: int = 6) -> bool:
    """Whether the cost of ``work(size)`` grows about as its size does, and not as its square.

    CPU time of this thread, so a busy machine makes no difference; the best of several tries, for a cache may be cold.
    Quadratic work is ``times`` squared as dear in every try, and what is worse hangs until the test's time-out.
    """
    return any(_cost(work, size * times) < times**1.5 * _cost(work, size) for _ in range(tries))


def cheaper(work: Callable[[int], object], than: Callable[[int], object], times: int, tries: int = 6) -> bool:
    """Whether so many times ``work`` cost less CPU time of this thread than so many times ``than``."""

    def many(what: Callable[[int], object]) -> Callable[[int], object]:
        return lambda count: [what(n) for n in range(count)]

    return any(_cost(many(work), times) < _cost(many(than), times) for _ in range(tries))


def _cost(work: Callable[[int], object], size: int) -> float:
    began = time.thread_time()
    work(size)
    return time.thread_time() - began
