"""Runs a simulated city: opens its ports on loopback, hands out what the city does, stops cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator import bindings, control, open311_server, sensorthings_server
from sources.simulator.ais_feed import AISFeed, Transport
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.http_feed import LOOPBACK, HttpFeed
from sources.simulator.open311_server import Desk311
from sources.simulator.radio import LIVE, Heard
from sources.simulator.sensorthings_server import SensorThingsHandler, Service
from sources.simulator.things import Station
from sources.simulator.town import Town

TICK_S = 0.25
FASTEST_STREAM = 15.0
"""Up to this speed every report is sent; a faster city thins its stream to the same number of lines a second."""

CATCH_UP_S = 300.0
"""After a pause of the machine at most so much of the stream is made up for."""


PARENT_LOOK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for. ``port`` is the first of consecutive ones, 0 for any free ones."""

    bindings: Path
    port: int = 0
    control_port: int = 0
    transport: Transport = "tcp"
    parent: int | None = None  # stop when this process is gone


class Simulation:
    """The open ports of a town. ``faults`` may be switched at any time."""

    def __init__(self, town: Town, clock: SimulatedClock, faults: Faults, plan: Plan) -> None:
        self.town, self.clock, self.faults, self.plan = town, clock, faults, plan
        self.radio = town.radio  # the ways out of the ports take seconds to find: before any client waits
        self.stations = [
            AISFeed(receiver.id, receiver.station, faults, self._port(n), plan.transport)
            for n, receiver in enumerate(town.receivers)
        ]
        self.http: list[HttpFeed] = []
        self._bind: dict[str, Callable[[int], SourceBinding]] = {}
        if town.office is not None:
            desk = Desk311(
                bindings.REPORTS, town.office, town.office.desk.kinds, town.city.full_title_vi, faults, clock.now
            )
            self._add(bindings.REPORTS, open311_server.routes(desk), bindings.reports)
        self._add_things(bindings.AIR, town.air, bindings.air)
        self._add_things(bindings.WATER, town.water, bindings.water)
        self.control = HttpFeed("control", control.routes(faults, clock.now), Faults(()), plan.control_port)

    def _port(self, n: int) -> int:
        return self.plan.port + n if self.plan.port else 0

    def _add(self, source: str, routes: Sequence[object], bind: Callable[[int], SourceBinding]) -> None:
        port = self._port(len(self.stations) + len(self.http))
        self.http.append(HttpFeed(source, routes, self.faults, port))
        self._bind[source] = bind

    def _add_things(self, source: str, stations: Sequence[Station], bind: Callable[[int], SourceBinding]) -> None:
        if stations:
            service = Service(source, stations, self.faults, self.clock.now)
            own = {"source": source, "faults": self.faults, "service": service}
            path = sensorthings_server.PATH
            self._add(source, [(rf"{path}/?(.*)", SensorThingsHandler, own)], bind)

    async def open(self) -> list[SourceBinding]:
        """Opens every port and writes the bindings. Raises SimulatorPortTaken, BindingsUnwritable."""
        found: list[SourceBinding] = []
        for station, receiver in zip(self.stations, self.town.receivers, strict=True):
            await station.open()
            found.append(bindings.ais(receiver, station.port, self.plan.transport))
        for feed in self.http:
            await feed.open()
            found.append(self._bind[feed.source](feed.port))
        await self.control.open()
        bindings.write(self.plan.bindings, found)
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until ``stop`` is set. The ports are closed when it returns."""
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(feed.run()) for feed in self.http]
        tasks += [asyncio.create_task(self._transmit()), asyncio.create_task(stop.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        for station in self.stations:
            await station.close()
        for feed in (*self.http, self.control):
            await feed.close()

    async def _transmit(self) -> None:
        """The stream of all receivers, in the order of time, a tick at a time."""
        radio = self.radio
        if radio is None:
            await asyncio.Event().wait()
            return
        pace = LIVE.stretched(max(1.0, self.clock.speed / FASTEST_STREAM))
        start = self.clock.now()
        sending: dict[str, asyncio.Task[None]] = {}
        while True:
            await asyncio.sleep(TICK_S)
            end = self.clock.now()
            if end <= start:  # the machine's clock was set back: go on when it is past what was sent
                start = end if start - end > CATCH_UP_S else start
                continue
            start = max(start, end - CATCH_UP_S * max(1.0, self.clock.speed))
            heard = sorted(radio.heard(start, end, pace), key=lambda item: item.t)
            start = end
            await self._hand_over(heard, sending)

    async def _hand_over(self, heard: Sequence[Heard], sending: dict[str, asyncio.Task[None]]) -> None:
        """To each receiver its own; one that sends a gigabyte holds up no other. Raises SimulatorPortTaken."""
        for number, station in enumerate(self.stations):
            before = sending.get(station.source)
            if before is not None:
                if not before.done():
                    continue
                before.result()
            own = [item for item in heard if item.receiver == number]
            sending[station.source] = asyncio.create_task(station.hand_over(own))
        await asyncio.sleep(0)


async def serve(town: Town, clock: SimulatedClock, faults: Faults, plan: Plan, say: Callable[[str], None]) -> None:
    """Opens, serves until SIGTERM, SIGINT or the parent's death, closes. Raises VongLauError."""
    simulation = Simulation(town, clock, faults, plan)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        found = await simulation.open()
        for binding in found:
            say(f"{binding.id}: {binding.protocol} {binding.options.get('url') or binding.options.get('port')}")
        say(f"faults: http://{LOOPBACK}:{simulation.control.port}/faults")
        watch = asyncio.create_task(_watch_parent(plan.parent, stop))
        await simulation.run(stop)
        watch.cancel()
    finally:
        await simulation.close()


async def _watch_parent(parent: int | None, stop: asyncio.Event) -> None:
    """Sets ``stop`` when another process has adopted this one: who started it is gone."""
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PARENT_LOOK_S)
        if parent is not None and os.getppid() != parent:
            stop.set()
