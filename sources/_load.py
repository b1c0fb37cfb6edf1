"""Recordings of many sources into one store: small ones one after another, large ones on every core."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from geodata.city import SourceBinding
from geodata.store.types import Written
from geodata.store.writer import Writer
from sources._spread import spread
from sources.recording import Recording, replay

Job = tuple[SourceBinding, tuple[Path, ...]]
"""A source and its files, in their order."""

SMALL_B = 8 << 20
"""Two days of a city: read in less time than other processes take to start on a busy machine."""

PACKED = 8
"""A packed recording holds about so many times its own size."""


def load(dsn: str, jobs: Sequence[Job], processes: int | None = None) -> Written:
    """Parses and stores all files, the sums of all sources together.

    ``processes`` as ``spread`` has them; None: one for small recordings, else one a core. Sources of one service go one
    after another: its batches would only wait for each other.

    Raises what ``replay`` raises, and WorkerKilled.
    """
    if not jobs:
        return Written()
    asyncio.run(_register(dsn, [binding for binding, _ in jobs]))
    if processes is None and sum(map(_weight, jobs)) < SMALL_B:
        processes = 1
    total = Written()
    for written in spread(partial(_load, dsn), by_service(jobs), processes):
        total += written
    return total


def jobs(folder: Path, found: Sequence[Recording]) -> list[Job]:
    """The recordings of a folder as work."""
    return [(entry.source, tuple(folder / name for name in entry.files)) for entry in found]


def by_service(jobs: Sequence[Job]) -> list[list[Job]]:
    """The heaviest first, so that none of the cores is left with it at the end."""
    ordered = sorted(jobs, key=lambda job: job[0].service)
    parts = [list(group) for _, group in groupby(ordered, key=lambda job: job[0].service)]
    return sorted(parts, key=lambda part: -sum(map(_weight, part)))


def _weight(job: Job) -> int:
    """About how many bytes of text there are to read."""
    return sum(path.stat().st_size * (PACKED if path.suffix == ".gz" else 1) for path in job[1] if path.exists())


def load_states(dsn: str, found: Sequence[Recording]) -> None:
    """How the feeds of registered sources were, as their recordings tell it."""
    asyncio.run(_load_states(dsn, [entry for entry in found if entry.states]))


async def _load_states(dsn: str, found: Sequence[Recording]) -> None:
    async with Writer.open(dsn) as writer:
        for entry in found:
            await writer.past_states(entry.source.id, [(word.t, word.up, word.error) for word in entry.states])


async def _register(dsn: str, bindings: Sequence[SourceBinding]) -> None:
    async with Writer.open(dsn) as writer:
        await writer.register(bindings)


def _load(dsn: str, jobs: Sequence[Job]) -> Written:
    return asyncio.run(_replay(dsn, jobs))


async def _replay(dsn: str, jobs: Sequence[Job]) -> Written:
    total = Written()
    async with Writer.open(dsn) as writer:
        for binding, files in jobs:
            total += await replay(writer, binding, files)
    return total
