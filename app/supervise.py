"""Keeps the programs of one machine running: starts them, starts them again when they end, stops them in order.

A child that ends at once again and again is started ever more slowly, never given up: a control room has nobody
at the keyboard at night. Each change of a child's state is one line in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.parent import child_environment
from geodata.ending import ended

log = logging.getLogger(__name__)

QUICK_S = 10.0
"""A child that lived shorter than this ended "at once"."""

SLOWEST_S = 30.0
STOP_S = 20.0
"""Time to end by itself after SIGTERM, then SIGKILL: longer than the ingest takes to store what it has read."""


@dataclass(slots=True)
class Child:
    """One program: ``vonglau`` with arguments; ``environment`` is added to ours, ``nice`` how far it stands back."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    nice: int = 0
    last: bool = False  # others read from it: it is stopped after them
    starting: asyncio.Task[asyncio.subprocess.Process] | None = field(default=None, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def keep(self) -> None:
        """Run it for ever; cancelled, leave the running process to ``stop``."""
        wait = 0.5
        while True:
            began = time.monotonic()
            self.starting = asyncio.create_task(start(self.arguments, self.environment))
            self.process = await asyncio.shield(self.starting)  # a process that is being born must not get lost
            if self.nice:
                behind(self.process.pid, self.nice)
            self.starts += 1
            status = await self.process.wait()
            lived = time.monotonic() - began
            wait = min(wait * 2, SLOWEST_S) if lived < QUICK_S else 0.5
            log.warning(
                "%s ended with status %s after %.0f s; starting again in %.0f s", self.name, status, lived, wait
            )
            await asyncio.sleep(wait)

    def restart(self) -> None:
        """End the running process; ``keep`` starts it again."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()

    async def stop(self) -> None:
        """SIGTERM, wait, SIGKILL."""
        if self.task is not None:
            await ended(self.task)
        if self.starting is not None:
            self.process = await self.starting
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self.process.wait()
        except TimeoutError:
            log.warning("%s does not end by itself; killed", self.name)
            self.process.kill()
            await self.process.wait()


async def start(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    """Start ``vonglau ARGUMENTS`` in its own process group, so that Ctrl-C reaches us first and we stop it in order."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *arguments),
        env={**child_environment(), **(environment or {})},
        start_new_session=True,
    )


async def run_once(arguments: Sequence[str], *, nice: int = 0) -> int:
    """Run to the end, so much behind the others (``nice``); cancelled, end it."""
    process = await start(arguments)
    if nice:
        behind(process.pid, nice)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def behind(pid: int, nice: int) -> None:
    """Have a process that leads its session get less of the processors than the others, as far as the system can.

    Linux may share them among sessions first (sched_autogroup): there a nice value counts inside the session only, and
    the session has one of its own.
    """
    with contextlib.suppress(OSError):  # it may have ended already
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


class Supervisor:
    """The children. Stopped together, but for those that the others read from: they go last."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def add(
        self,
        name: str,
        *arguments: str,
        nice: int = 0,
        last: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Child:
        child = Child(name, arguments, environment or {}, nice=nice, last=last)
        child.task = asyncio.create_task(child.keep(), name=name)
        self.children.append(child)
        return child

    async def stop(self) -> None:
        for last in (False, True):
            await asyncio.gather(*(child.stop() for child in self.children if child.last is last))
