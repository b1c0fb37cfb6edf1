"""Air and water stations of the city over OGC SensorThings."""

from __future__ import annotations

from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator import sensorthings_server
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed, Files, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.sensorthings_history import recorded
from sources.simulator.sensorthings_server import SensorThingsHandler, Service
from sources.simulator.town import Town

AIR, WATER = "simulated_air", "simulated_water"
AIR_CADENCE_S = 3900.0  # a result is out a minute after its hour, and is polled for
WATER_CADENCE_S = 780.0
AIR_POLL_S, WATER_POLL_S = 60.0, 30.0


def air(port: int = 0) -> SourceBinding:
    titles = ("Quan trắc không khí (mô phỏng)", "Air monitoring (simulated)")
    options = {"url": _url(port), "poll_s": AIR_POLL_S}
    return binding(AIR, "sensorthings", "air_quality", titles, options=options, cadence_s=AIR_CADENCE_S)


def water(port: int = 0) -> SourceBinding:
    titles = ("Quan trắc mưa, mực nước (mô phỏng)", "Rain and river gauges (simulated)")
    options = {"url": _url(port), "poll_s": WATER_POLL_S}
    return binding(WATER, "sensorthings", "hydrology", titles, options=options, cadence_s=WATER_CADENCE_S)


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}{sensorthings_server.PATH}"


def sources(town: Town) -> list[SourceBinding]:
    return ([air()] if town.air else []) + ([water()] if town.water else [])


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    found = []
    for source, stations, bound in ((AIR, town.air, air), (WATER, town.water, water)):
        if stations:
            service = Service(source, stations, host.faults, host.now)
            own = {"source": source, "faults": host.faults, "service": service}
            routes = [(rf"{sensorthings_server.PATH}/?(.*)", SensorThingsHandler, own)]
            found.append(bound(await host.http(source, routes)))
    return found


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    own = ((AIR, town.air), (WATER, town.water))
    return {name: payloads(folder, name, recorded(made, start, end)) for name, made in own if made}


FEED = Feed(sources=sources, open=open_, history=history, order=30)
