"""AIS receivers of the city: every shore station of the profile as a port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator import nmea
from sources.simulator.ais_feed import AISFeed, Transport
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed, Files
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.profile import Receiver
from sources.simulator.radio import LIVE, RECORDED, Heard, Radio
from sources.simulator.town import Town

TICK_S = 0.25
FASTEST_STREAM = 15.0
"""Up to this speed every report is sent; a faster city thins its stream to the same number of lines a second."""

CATCH_UP_S = 300.0
"""After a pause of the machine at most so much of the stream is made up for."""


def bound(receiver: Receiver, port: int = 0, transport: Transport = "tcp") -> SourceBinding:
    options = {"transport": transport, "host": LOOPBACK, "port": port}
    titles = (receiver.title_vi, receiver.title_en)
    return binding(receiver.id, "ais", "fishing_vessels", titles, options=options)


def sources(town: Town) -> list[SourceBinding]:
    return [bound(receiver) for receiver in town.receivers]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    radio = town.radio  # the ways out of the ports take seconds to find: before any client waits
    if radio is None:
        return []
    stations = [
        AISFeed(receiver.id, receiver.station, host.faults, host.port(), host.ais_transport)
        for receiver in town.receivers
    ]
    for station in stations:
        await station.open()
        host.on_close(station.close)
    host.spawn(_transmit(radio, stations, host))
    return [
        bound(receiver, station.port, host.ais_transport)
        for receiver, station in zip(town.receivers, stations, strict=True)
    ]


async def _transmit(radio: Radio, stations: Sequence[AISFeed], host: Host) -> None:
    """The stream of all receivers, in the order of time, a tick at a time."""
    speed = host.clock.speed
    pace = LIVE.stretched(max(1.0, speed / FASTEST_STREAM))
    start = host.now()
    sending: dict[str, asyncio.Task[None]] = {}
    while True:
        await asyncio.sleep(TICK_S)
        end = host.now()
        if end <= start:  # the machine's clock was set back: go on when it is past what was sent
            start = end if start - end > CATCH_UP_S else start
            continue
        start = max(start, end - CATCH_UP_S * max(1.0, speed))
        heard = sorted(radio.heard(start, end, pace), key=lambda item: item.t)
        start = end
        await _hand_over(heard, stations, sending)


async def _hand_over(
    heard: Sequence[Heard], stations: Sequence[AISFeed], sending: dict[str, asyncio.Task[None]]
) -> None:
    """To each receiver its own; one that sends a gigabyte holds up no other. Raises SimulatorPortTaken."""
    for number, station in enumerate(stations):
        before = sending.get(station.source)
        if before is not None:
            if not before.done():
                continue
            before.result()
        own = [item for item in heard if item.receiver == number]
        sending[station.source] = asyncio.create_task(station.hand_over(own))
    await asyncio.sleep(0)


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    """A file for each receiver, its sentences in the order of arrival."""
    if town.radio is None:
        return {}
    heard = sorted(town.radio.heard(start, end, RECORDED), key=lambda item: item.t)
    written = {}
    for number, receiver in enumerate(town.receivers):
        own = [nmea.sentences(item.message, item.t, receiver.station) for item in heard if item.receiver == number]
        name = f"{receiver.id}.nmea"
        with (folder / name).open("w", encoding="ascii", newline="\n") as file:
            file.writelines("\n".join(lines) + "\n" for lines in own)
        written[receiver.id] = (name, sum(map(len, own)))
    return written


FEED = Feed(sources=sources, open=open_, history=history, order=10)
