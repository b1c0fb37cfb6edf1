"""The programs of one machine and their order: database, then pages and simulator side by side, ingest, history.

The pages answer before the history is loaded: the first picture comes soon and fills up. The children end with us,
also when we are killed without a word; the database ends with us likewise.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.day import CALM, Day
from app.door import LOOPBACK, kept_port, token
from app.server import Address
from app.supervise import Child, Supervisor, run_once
from app.tidy import Tidy
from geodata.city import city
from geodata.ending import ended
from geodata.errors import VongLauError
from geodata.settings import Settings

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("vonglau.up")

INGEST_NICE, WATCH_NICE, SIMULATOR_NICE, HISTORY_NICE = 1, 4, 4, 6
"""Who opens a page waits for the pages alone: what they show comes next, and the rest stands back, the past furthest.
Not further than that: on a busy machine it must end too.
"""

BINDINGS_S = 240.0
"""Of a slow and busy machine; a quiet one takes five."""

READY_S = 120.0


class AlreadyUp(VongLauError):
    """`vonglau up` runs already on {data}; stop it first, or choose another folder with --data"""


class SimulatorSilent(VongLauError):
    """the simulator opened no port within {seconds:.0f} s; its own words are above"""


class SimulatorMisused(VongLauError):
    """the simulator was asked for what it cannot do; its own words are above"""

    exit_status = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Which city to invent: the same seed gives the same city, the scenario the kind of day it has."""

    seed: int = 1
    speed: float = 1.0
    days: int = 14
    faults: tuple[str, ...] = ()
    scenario: str = CALM
    feeds: str | None = None


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises AlreadyUp. The kernel lets go of it when we die."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(data=data) from None
        yield


class Up:
    """One run of everything."""

    def __init__(
        self,
        settings: Settings,
        address: Address,
        simulation: Simulation | None,
        *,
        open_page: bool = False,
        watch: bool = True,
        notify: bool = True,
    ) -> None:
        self.settings = settings
        self.address = address
        self.simulation = simulation
        self.open_page = open_page
        self.watch = watch
        self.notify = notify
        self.supervisor = Supervisor()
        self.run_folder = settings.data / "run"
        self.common = ("--city", settings.city, "--data", str(settings.data))
        scenario = simulation.scenario if simulation else CALM
        self.day = Day(self.run_folder / f"scenario-{settings.city}.json", scenario)
        self.intake = ""  # HOST:PORT, chosen when the data folder is ours
        self.token = token()
        self.begun = asyncio.Event()  # the simulator is there, and its day has begun

    @property
    def bindings(self) -> Path:
        return self.run_folder / f"bindings-{self.settings.city}.json"

    @property
    def loaded(self) -> Path:
        """Says which simulated history this data folder holds already."""
        return self.run_folder / f"history-{self.settings.city}.loaded"

    async def run(self) -> None:
        from geodata.store.connect import database

        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        with only_one(self.settings.data), database(self.settings, role="owner", create=True):
            self.run_folder.mkdir(exist_ok=True)
            self.intake = f"{LOOPBACK}:{kept_port(self.run_folder / f'intake-{self.settings.city}.port')}"
            work = asyncio.create_task(self._work())
            try:
                await self._until(stop, work)
            finally:
                await ended(work)
                log.info("stopping")
                await self.supervisor.stop()

    async def _until(self, stop: asyncio.Event, work: asyncio.Task[None]) -> None:
        """Wait for the signal; an error of ours ends the wait and is raised."""
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, work}, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and not stop.is_set():
            work.result()
            await waiting
        waiting.cancel()

    async def _keep_database(self) -> None:
        """Start the embedded server again when something has killed it; its clients wait and reconnect.

        A server that does not start (a full disk) is one line, and is tried again until it does.
        """
        from geodata.embedded import Cluster

        if self.settings.dsn:
            return
        cluster = Cluster(self.settings.data)
        said = ""
        with contextlib.ExitStack() as leases:
            while True:
                await asyncio.sleep(1)
                if cluster.running() is not None:
                    said = ""
                    continue
                if not said:
                    log.warning("the database server is gone; starting it again")
                try:
                    leases.enter_context(await asyncio.to_thread(cluster.start))
                except VongLauError as error:
                    if str(error) != said:
                        log.error("%s; it is tried again", error)  # noqa: TRY400 (one line)
                    said = str(error)

    async def _work(self) -> None:
        """Pages and simulator start side by side: neither waits for the other, and the first picture comes sooner."""
        self.supervisor.add("serve", "serve", *self.common, *self._serve_options())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_database())
                group.create_task(self._pages())
                group.create_task(self._feeds())
                group.create_task(Tidy(self.run_folder / f"tidy-{self.settings.city}", self.common).run())
        except ExceptionGroup as errors:
            ours = errors.subgroup(VongLauError)
            raise (errors if ours is None else _first(ours)) from errors

    async def _pages(self) -> None:
        await self._answer()
        if self.watch:
            self.supervisor.add("watch", "watch", *self.common, nice=WATCH_NICE)
        if self.notify and city(self.settings.city).outlets:
            self.supervisor.add("notify", "notify", *self.common, nice=WATCH_NICE)
        await self._history()

    async def _feeds(self) -> None:
        if self.simulation is None:
            self._ingest()
            return
        await self._simulate(self.simulation)
        await self._follow(self._ingest("--bindings", str(self.bindings)))

    def _ingest(self, *more: str) -> Child:
        arguments = ("ingest", *self.common, "--intake", self.intake, *more)
        return self.supervisor.add("ingest", *arguments, nice=INGEST_NICE, environment=self.token)

    async def _follow(self, ingest: Child) -> None:
        """A restarted simulator has other ports, and only a restarted ingest reads them."""
        seen = self.bindings.stat().st_mtime_ns
        while True:
            await asyncio.sleep(1)
            with contextlib.suppress(FileNotFoundError):
                now = self.bindings.stat().st_mtime_ns
                if now != seen:
                    seen = now
                    ingest.restart()

    def _serve_options(self) -> list[str]:
        options = ["--port", str(self.address.port), "--host", self.address.host]
        if self.settings.login_file is not None:
            options += ["--login-file", str(self.settings.login_file)]
        return options

    async def _simulate(self, simulation: Simulation) -> None:
        self.bindings.unlink(missing_ok=True)
        self.day.renew()
        faults = [part for fault in simulation.faults for part in ("--fault", fault)]
        offices = (
            [] if self.settings.dsn else ["--data", str(self.settings.data)]
        )  # their databases: in our cluster only
        child = self.supervisor.add(
            "simulate", "simulate", *self._city_of(simulation), "--speed", str(simulation.speed),
            "--bindings", str(self.bindings), "--intake", f"http://{self.intake}", *faults, *offices,
            nice=SIMULATOR_NICE, last=True, environment=self.token,
        )  # fmt: skip
        deadline = time.monotonic() + BINDINGS_S
        while not self.bindings.exists():
            if child.process is not None and child.process.returncode == SimulatorMisused.exit_status:
                raise SimulatorMisused
            if time.monotonic() > deadline:
                raise SimulatorSilent(seconds=BINDINGS_S)
            await asyncio.sleep(0.1)
        self.begun.set()

    def _city_of(self, simulation: Simulation) -> list[str]:
        only = ["--feeds", simulation.feeds] if simulation.feeds else []
        return ["--city", self.settings.city, "--seed", str(simulation.seed), *only, *self.day.arguments()]

    async def _history(self) -> None:
        """Write and load the simulated past once. Killed in between it is done again: loading twice adds nothing."""
        simulation = self.simulation
        if simulation is None or simulation.days == 0:
            return
        await self.begun.wait()
        only = f", {simulation.feeds}" if simulation.feeds else ""
        want = f"seed {simulation.seed}, {simulation.days} days{self.day.stamp()}{only}"
        if self.loaded.exists() and self.loaded.read_text() == want:
            return
        folder = self.settings.data / "history" / self.settings.city
        log.info("writing and loading %d days of simulated history", simulation.days)
        began = time.monotonic()
        write = await run_once(
            ["simulate", *self._city_of(simulation), "--history", str(folder), "--days", str(simulation.days),
             "--history-only"],
            nice=HISTORY_NICE,
        )  # fmt: skip
        replay = ["replay", *self.common, "--recordings", str(folder)]
        load = await run_once(replay, nice=HISTORY_NICE) if write == 0 else 1
        if load == 0:
            self.loaded.write_text(want)
            log.info("history loaded in %.0f s", time.monotonic() - began)
        else:
            log.warning("history is not complete; it is tried again at the next start")

    async def _answer(self) -> None:
        """Wait until the pages answer, say where, show them when somebody is there to see."""
        import httpx

        url = f"http://{'localhost' if self.address.host == '127.0.0.1' else self.address.host}:{self.address.port}"
        deadline = time.monotonic() + READY_S
        async with httpx.AsyncClient(trust_env=False) as client:
            while not await _ready(client, url):
                if time.monotonic() > deadline:
                    log.warning("the pages do not answer after %.0f s; the reason is above", READY_S)
                    return
                await asyncio.sleep(0.2)
        log.info("planner %s/explore   wall %s/wall   (Ctrl-C stops everything)", url, url)
        if self.open_page and sys.stdout.isatty() and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            await asyncio.to_thread(webbrowser.open, f"{url}/explore")


async def _ready(client: httpx.AsyncClient, url: str) -> bool:
    import httpx

    try:
        return (await client.get(f"{url}/readyz", timeout=5)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _first(errors: BaseExceptionGroup[VongLauError]) -> VongLauError:
    """The first of our own errors in a group: one line is enough to begin with."""
    found = errors.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
