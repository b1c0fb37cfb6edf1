"""Road segments and junctions of the city over OGC SensorThings, every five minutes."""

from __future__ import annotations

from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator import sensorthings_server, traffic
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed, Files, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.sensorthings_history import recorded
from sources.simulator.sensorthings_server import SensorThingsHandler, Service
from sources.simulator.things import Station
from sources.simulator.town import Town

TRAFFIC = "simulated_traffic"
POLL_S = 60.0
CADENCE_S = 390.0  # a result is out a quarter of a minute after its five minutes, and is polled for
HISTORY_DAYS = 0.25
"""What the adapter asks for at first; the days before are in the recording."""

RECORDED_EVERY = 12
"""Of a recording: one result an hour."""


def bound(port: int = 0) -> SourceBinding:
    titles = ("Giám sát giao thông (mô phỏng)", "Traffic monitoring (simulated)")
    url = f"http://{LOOPBACK}:{port}{sensorthings_server.PATH}"
    options = {"url": url, "poll_s": POLL_S, "history_days": HISTORY_DAYS, "issuer": "traffic"}
    return binding(TRAFFIC, "sensorthings", "traffic", titles, options=options, cadence_s=CADENCE_S)


def stations(town: Town) -> tuple[Station, ...]:
    """None of them where the city has no traffic monitoring or its profile no streets."""
    profile = town.data("traffic", traffic.TrafficProfile) if town.runs("traffic") else None
    return () if profile is None else traffic.stations(town.seed, profile, town.spell)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.part(stations) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    found = town.part(stations)
    if not found:
        return []
    own = {"source": TRAFFIC, "faults": host.faults, "service": Service(TRAFFIC, found, host.faults, host.now)}
    routes = [(rf"{sensorthings_server.PATH}/?(.*)", SensorThingsHandler, own)]
    return [bound(await host.http(TRAFFIC, routes))]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    found = town.part(stations)
    if not found:
        return {}
    return {TRAFFIC: payloads(folder, TRAFFIC, recorded(found, start, end, RECORDED_EVERY))}


FEED = Feed(sources=sources, open=open_, history=history, order=42)
