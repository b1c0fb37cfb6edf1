"""What a simulated feed may use of the running city: clock, faults, ports, a folder, the broker, the intake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geodata.ending import ended
from sources.simulator.ais_feed import Transport
from sources.simulator.broker import Broker
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.http_feed import HttpFeed


@dataclass(frozen=True, slots=True)
class IntakeAddress:
    """Where the city's ingest is sent things: POST ``{url}/in/{source id}``; ``token_env`` names its token."""

    url: str
    token_env: str = "VONGLAU_INTAKE_TOKEN"  # noqa: S105 (a name, not a secret)


@dataclass
class Host:
    """``first_port`` 0 gives any free ports, else consecutive ones. ``folder`` is a scratch folder of this run,
    ``data`` the data folder whose private cluster may hold the databases of offices; None where there is none.
    """

    clock: SimulatedClock
    faults: Faults
    folder: Path
    first_port: int = 0
    intake: IntakeAddress | None = None
    ais_transport: Transport = "tcp"
    data: Path | None = None
    _used: int = 0
    _work: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def now(self) -> float:
        """The city's clock, epoch s."""
        return self.clock.now()

    def port(self) -> int:
        """The next port to open: a number, or 0 for any free one."""
        self._used += 1
        return self.first_port + self._used - 1 if self.first_port else 0

    async def http(self, source: str, routes: Sequence[object]) -> int:
        """Serve Tornado routes on loopback; handlers should extend ``FaultyHandler``. The port.

        An outage of ``source`` closes the port until it is over. Raises SimulatorPortTaken.
        """
        feed = HttpFeed(source, routes, self.faults, self.port())
        await feed.open()
        self.spawn(feed.run())
        self.on_close(feed.close)
        return feed.port

    async def broker(self, source: str) -> Broker:
        """An MQTT broker for one source, with its outages and stalls. Raises NoBroker, SimulatorPortTaken."""
        broker = Broker(self.folder / f"broker_{source}", self.port())
        await broker.open()
        self.on_close(broker.close)
        self.spawn(broker.run(source, self.faults))
        return broker

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this until the city stops; when it raises, the city stops with its error."""
        self._work.append(work)

    def on_close(self, call: Callable[[], Awaitable[None]]) -> None:
        """Call this when the city stops, last come first served."""
        self._closing.append(call)

    def start(self) -> list[asyncio.Task[None]]:
        """The work handed over so far, started; ``close`` ends it."""
        work, self._work = self._work, []
        started = [asyncio.create_task(one) for one in work]
        self._tasks += started
        return started

    async def close(self) -> None:
        """End the work, close everything opened; safe to call twice."""
        await ended(*self._tasks)
        for one in self._work:
            one.close()
        self._work = []
        while self._closing:
            await self._closing.pop()()
