"""Runs a simulated city: opens its ports on loopback, hands out what the city does, stops cleanly."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from geodata.ending import ended
from sources.simulator import bindings, control
from sources.simulator.ais_feed import Transport
from sources.simulator.clock import SimulatedClock
from sources.simulator.errors import BindingsUnwritable
from sources.simulator.faults import Faults
from sources.simulator.feed import feeds_of
from sources.simulator.host import Host, IntakeAddress
from sources.simulator.http_feed import LOOPBACK, HttpFeed
from sources.simulator.town import Town

PARENT_LOOK_S = 1.0
BREAKDOWN_LOOK_S = 1.0
SCRATCH = "city-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for. ``port`` is the first of consecutive ones, 0 for any free ones."""

    bindings: Path
    port: int = 0
    control_port: int = 0
    transport: Transport = "tcp"
    parent: int | None = None  # stop when this process is gone
    intake: IntakeAddress | None = None
    data: Path | None = None  # where the databases of offices may be made


class Simulation:
    """The open ports of a town. ``faults`` may be switched at any time. Raises BindingsUnwritable."""

    def __init__(self, town: Town, clock: SimulatedClock, faults: Faults, plan: Plan) -> None:
        self.town, self.clock, self.faults, self.plan = town, clock, faults, plan
        self.folder = scratch(plan.bindings.parent)
        self.host = Host(
            clock, faults, self.folder, plan.port, intake=plan.intake, ais_transport=plan.transport, data=plan.data
        )
        self.control = HttpFeed("control", control.routes(faults, clock.now), Faults(()), plan.control_port)

    async def open(self) -> list[SourceBinding]:
        """Opens every port and writes the bindings. Raises SimulatorPortTaken, NoBroker, BindingsUnwritable."""
        found: list[SourceBinding] = []
        for feed in feeds_of(self.town).values():
            found += await feed.open(self.town, self.host)
        await self.control.open()
        bindings.write(self.plan.bindings, found)
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until ``stop`` is set. The ports are closed when it returns."""
        tasks: list[asyncio.Task[Any]] = list(self.host.start())
        tasks += [asyncio.create_task(self._break_down()), asyncio.create_task(stop.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await ended(*tasks)
            await self.close()

    async def close(self) -> None:
        await self.host.close()
        await self.control.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _break_down(self) -> None:
        """Switches the faults that the scenario has planned, and leaves those alone that somebody else switched."""
        ours: dict[str, str] = {}
        while True:
            now = self.clock.now()
            wanted = {
                source: entry.kind.value
                for entry in self.town.scenario.breakdowns
                if entry.is_on(now - self.town.begun)
                for source in self.faults.sources
                if fnmatch(source, entry.sources)
            }
            for source in [name for name in ours if name not in wanted]:
                self.faults.switch_off(source)
                del ours[source]
            for source, kind in wanted.items():
                if ours.get(source) != kind:
                    self.faults.switch_on(f"{source}={kind}", now)
                    ours[source] = kind
            await asyncio.sleep(BREAKDOWN_LOOK_S)


async def serve(town: Town, clock: SimulatedClock, faults: Faults, plan: Plan, say: Callable[[str], None]) -> None:
    """Opens, serves until SIGTERM, SIGINT or the parent's death, closes. Raises VongLauError."""
    simulation = Simulation(town, clock, faults, plan)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logging.getLogger("aioftp").setLevel(logging.CRITICAL)  # a client that hangs up is no news
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        found = await simulation.open()
        for binding in found:
            say(f"{binding.id}: {binding.protocol} {_place(binding)}")
        say(f"faults: http://{LOOPBACK}:{simulation.control.port}/faults")
        watch = asyncio.create_task(_watch_parent(plan.parent, stop))
        await simulation.run(stop)
        watch.cancel()
    finally:
        await simulation.close()


def _place(binding: SourceBinding) -> object:
    """Where the source is read: no address of ours holds a secret."""
    own = binding.options
    return own.get("url") or own.get("path") or own.get("sql", {}).get("url") or own.get("port")


async def _watch_parent(parent: int | None, stop: asyncio.Event) -> None:
    """Sets ``stop`` when another process has adopted this one: who started it is gone."""
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(PARENT_LOOK_S):
                await stop.wait()
        if parent is not None and os.getppid() != parent:
            stop.set()


def scratch(parent: Path) -> Path:
    """A folder of this process beside the bindings, where a city that was killed left its own to be swept up.

    Raises BindingsUnwritable.
    """
    own = parent / f"{SCRATCH}{os.getpid()}"
    try:
        for left in parent.glob(f"{SCRATCH}*"):
            pid = left.name.removeprefix(SCRATCH)
            if pid.isdecimal() and not _lives(int(pid)):
                shutil.rmtree(left, ignore_errors=True)
        own.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BindingsUnwritable(path=own, reason=error.strerror or error, option="--bindings") from error
    return own


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
