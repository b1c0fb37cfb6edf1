"""Station files of Circular 10/2021/TT-BTNMT: air over FTP, water as a folder into which the stations push."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aioftp
import numpy as np
from aioftp.common import Connection

from geodata.city import SourceBinding
from geodata.ending import refused, shut
from sources.simulator.bindings import binding
from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.errors import SimulatorPortTaken
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.station_loggers import CYCLE_S, Logger, loggers
from sources.simulator.town import Town

AIR, WATER = "simulated_air_files", "simulated_water_files"
RECORDED_EVERY_S = 1800.0
BACKLOG_S = 2 * 3600.0
KEPT_DAYS = 2
LOOK_S = 0.5
FILES_AT_ONCE = 100
POLL_S = 15.0
GARBAGE_EVERY = 3


def bound(source: str, own: Sequence[Logger], port: int = 0, folder: str = "") -> SourceBinding:
    """The binding of one of the two sources; ``folder`` is the drop folder of the water stations."""
    sites = {
        logger.name: {"name": logger.title, "lon": logger.lon, "lat": logger.lat, "category": logger.category}
        for logger in own
    }
    common: dict[str, Any] = {"sites": sites, "poll_s": POLL_S, "settle_s": 1, "history_days": 1, "recent_days": 1}
    common |= {"lookback_days": KEPT_DAYS}
    if source == AIR:
        titles = ("Trạm không khí tự động, tệp TT 10/2021 (mô phỏng)", "Automatic air stations, files (simulated)")
        options = {"transport": "ftp", "host": LOOPBACK, **({"port": port} if port else {}), **common}
        return binding(AIR, "station_files", "air_quality", titles, options=options, cadence_s=2 * CYCLE_S)
    titles = ("Trạm nước tự động, tệp TT 10/2021 (mô phỏng)", "Automatic water stations, files (simulated)")
    options = {"transport": "directory", "path": folder, **common}
    return binding(WATER, "station_files", "hydrology", titles, options=options, cadence_s=2 * CYCLE_S)


def _own(town: Town) -> list[tuple[str, tuple[Logger, ...]]]:
    air, water = town.part(loggers)
    return [(source, own) for source, own in ((AIR, air), (WATER, water)) if own]


def sources(town: Town) -> list[SourceBinding]:
    return [bound(source, own) for source, own in _own(town)]


@dataclass(slots=True)
class Drop:
    """The folder of one source; what the loggers have written into it up to ``until`` (epoch s)."""

    source: str
    loggers: Sequence[Logger]
    root: Path
    faults: Faults
    until: float
    count: int = 0
    away: Path = field(init=False)

    def __post_init__(self) -> None:
        self.away = self.root.with_name(self.root.name + ".away")
        self.root.mkdir(parents=True)

    async def run(self, host: Host) -> None:
        """A file of each logger every five minutes of the city's clock, until cancelled."""
        swept = local_day(self.until)
        while True:
            await self.write(host.now())
            if (today := local_day(self.until)) != swept:
                swept = today
                self._sweep(today)
            await asyncio.sleep(LOOK_S)

    async def write(self, now: float) -> None:
        """Everything up to ``now`` that is not there yet, unless a fault says otherwise."""
        if self.source == WATER and not self._is_there():
            return
        if self.faults.is_on(self.source, Kind.STALL):
            return
        end = self.faults.held_at(self.source, now)
        slots = np.arange(np.floor(self.until / CYCLE_S) + 1, np.floor(end / CYCLE_S) + 1) * CYCLE_S
        skew_s = self.faults.skew_s(self.source)
        for start in range(0, len(slots), FILES_AT_ONCE // len(self.loggers)):
            some = slots[start : start + FILES_AT_ONCE // len(self.loggers)]
            for logger in self.loggers:
                for t, body in zip(some.tolist(), logger.files(some, skew_s), strict=True):
                    self._put(logger, t + skew_s, body)
            self.until = float(some[-1])
            await asyncio.sleep(0)

    def _is_there(self) -> bool:
        """An outage of a folder is a network disk that is gone."""
        out = self.faults.is_on(self.source, Kind.OUTAGE)
        if out and self.root.exists():
            self.root.rename(self.away)
        elif not out and self.away.exists():
            self.away.rename(self.root)
        return not out

    def _put(self, logger: Logger, t: float, body: str) -> None:
        data = body.encode("utf-8-sig")  # as the Windows programs of most loggers write it
        self.count += 1
        if self.faults.is_on(self.source, Kind.GARBAGE) and self.count % GARBAGE_EVERY == 0:
            data = data[: len(data) // 2] + b"\xff\xfe\x00{<"
        copies = 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1
        for n in range(copies):
            self._whole(self.root / logger.folder(t) / logger.file_name(t + n), data)
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            self._whole(self.root / logger.folder(t) / logger.file_name(t + 2), b"0" * (8 << 20))

    @staticmethod
    def _whole(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".tmp")
        beside.write_bytes(data)
        beside.replace(path)

    def _sweep(self, today: int) -> None:
        """A drop folder keeps some days."""
        for logger in self.loggers:
            shutil.rmtree(self.root / logger.folder(local_midnight(today - KEPT_DAYS - 1)), ignore_errors=True)


class _Server(aioftp.Server):
    """An FTP server that anyone may read, with the faults of its source."""

    def __init__(self, root: Path, source: str, faults: Faults) -> None:
        permissions = [aioftp.Permission("/", readable=True, writable=False)]
        super().__init__([aioftp.User(base_path=root, permissions=permissions)], wait_future_timeout=5)
        self._source, self._faults = source, faults
        self._writers: set[asyncio.StreamWriter] = set()
        self._ends: set[asyncio.Task[None]] = set()
        self._closed = False

    async def dispatcher(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One user's commands. Being cancelled is how ``close`` ends it: no error, and Python 3.11 asks a cancelled
        connection for its exception, which raises in the loop and leaves the socket open.
        """
        self._keep(writer)
        try:
            while self._faults.is_on(self._source, Kind.STALL) and not reader.at_eof():  # noqa: ASYNC110 (faults tell nobody)
                await asyncio.sleep(LOOK_S / 5)
            if not self._closed:
                await super().dispatcher(reader, writer)
        except asyncio.CancelledError:
            return
        finally:
            writer.close()

    async def _start_passive_server(
        self,
        connection: Connection,
        handler_callback: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    ) -> asyncio.Server:
        async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._keep(writer)
            await handler_callback(reader, writer)

        server = await super()._start_passive_server(connection, kept)
        server.close = lambda: self._end(server)  # type: ignore[method-assign]  # aioftp has no other place for it
        return server

    def _end(self, server: asyncio.Server) -> None:
        end = asyncio.create_task(shut(server))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)

    def _keep(self, writer: asyncio.StreamWriter) -> None:
        """A data connection that opens while its user is cut off is forgotten by aioftp: all are ended here."""
        self._writers = {w for w in self._writers if not w.is_closing()} | {writer}
        if self._closed:
            writer.close()

    async def close(self) -> None:
        """Also when it is broken off, no socket stays open."""
        self._closed = True
        try:
            await refused(self.server)
            await super().close()
            await asyncio.gather(*self._ends)
        finally:
            self.server.close()
            for writer in self._writers:
                writer.close()


@dataclass(slots=True)
class FTPFeed:
    """The port of the server; an outage closes it until it is over."""

    root: Path
    source: str
    faults: Faults
    port: int
    _server: _Server | None = None

    async def open(self) -> None:
        """Raises SimulatorPortTaken."""
        server = _Server(self.root, self.source, self.faults)
        try:
            await server.start(LOOPBACK, self.port)
        except OSError:
            raise SimulatorPortTaken(port=self.port, what=self.source) from None
        self._server, self.port = server, int(server.server_port)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S / 5)
            out = self.faults.is_on(self.source, Kind.OUTAGE)
            if out:
                await self.close()
            elif self._server is None:
                await self.open()

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    logging.getLogger("aioftp.server").setLevel(logging.CRITICAL)  # a client that leaves is no error of ours
    found = []
    for source, own in _own(town):
        now = host.now()
        drop = Drop(source, own, host.folder / source, host.faults, now - BACKLOG_S)
        await drop.write(now)
        port = 0
        if source == AIR:
            server = FTPFeed(drop.root, source, host.faults, host.port())
            await server.open()
            host.on_close(server.close)
            host.spawn(server.run())
            port = server.port
        host.spawn(drop.run(host))
        found.append(bound(source, own, port, str(drop.root)))
    return found


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    """A file every half hour of each logger, in the order of time."""
    return {source: payloads(folder, source, _recorded(own, start, end)) for source, own in _own(town)}


def _recorded(own: Sequence[Logger], start: float, end: float) -> Iterator[Line]:
    times = np.arange(np.floor(start / RECORDED_EVERY_S) + 1, np.floor(end / RECORDED_EVERY_S) + 1) * RECORDED_EVERY_S
    day = int(DAY_S / RECORDED_EVERY_S)
    for first in range(0, len(times), day):
        some = np.asarray(times[first : first + day], dtype=np.float64)
        bodies = [(logger, logger.files(some)) for logger in own]
        for n, t in enumerate(some.tolist()):
            for logger, texts in bodies:
                yield t, f"# {logger.file_name(t)}\n{texts[n]}"


FEED = Feed(sources=sources, open=open_, history=history, order=35)
