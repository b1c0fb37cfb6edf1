"""Low-cost air sensors of a school project: OGC SensorThings with its own MQTT topics beside HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator import sensorthings_server
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.mqtt_feed import Speaker, speak
from sources.simulator.mqtt_wire import Said
from sources.simulator.noise import Floats, dice, key, smooth
from sources.simulator.profile import AirStation
from sources.simulator.report_intake import wards
from sources.simulator.sensorthings_server import SensorThingsHandler, Service, datastream, observed_property
from sources.simulator.sensorthings_server import location as place_of
from sources.simulator.sensorthings_server import thing as thing_of
from sources.simulator.series import AIR
from sources.simulator.things import Datastream, Station
from sources.simulator.town import Town

SOURCE = "simulated_air_sensors"
SENSORS = 3
CADENCE_S, DELAY_S = 600.0, 5.0
MEASURED = ("pm25", "pm10", "temp", "humidity")
HISTORY_S = 3 * 3600.0
"""Recordings hold one value of so many seconds: means of hours are what the picture shows."""


def sensors(town: Town) -> tuple[Station, ...]:
    """Three boxes on school roofs in the densest wards; none where the city has no air service."""
    if not town.runs("air_quality"):
        return ()
    found = sorted(wards(town.city), key=lambda ward: -ward.weight)[:SENSORS]
    made = []
    for number, ward in enumerate(found, 1):
        roll = dice(town.seed, "air sensor", ward.code)
        lon, lat = (round(value + roll.uniform(-0.004, 0.004), 5) for value in ward.place)
        made.append(_sensor(number, AirStation(code=f"cb_{ward.code}", name=ward.name, lon=lon, lat=lat), town))
    return tuple(made)


def _sensor(number: int, station: AirStation, town: Town) -> Station:
    def values(name: str, t: Floats) -> Floats:
        """A cheap sensor reads some percent too high or low, more so in damp air."""
        drift = 1 + 0.12 * smooth(town.seed, key("drift", station.code, name), t, 30 * 86400.0)
        return AIR[name][1](town.seed, station, t, town.spell) * (drift if name.startswith("pm") else 1.0)

    def stream(n: int, name: str) -> Datastream:
        return Datastream(
            id=number * 100 + n,
            thing=number,
            measured=AIR[name][0],
            cadence_s=CADENCE_S,
            delay_s=DELAY_S,
            values=lambda t: values(name, t),
            states=lambda t: ["00"] * len(t),
        )

    return Station(
        id=number,
        code=station.code,
        name=f"Cảm biến không khí {station.name}",
        description=f"Cảm biến giá rẻ trên mái trường, {station.name} (mô phỏng)",
        lon=station.lon,
        lat=station.lat,
        properties={"station": station.code, "category": "air_sensor"},
        datastreams=tuple(stream(n, name) for n, name in enumerate(MEASURED, 1)),
    )


def bound(port: int = 0, broker: int = 0) -> SourceBinding:
    options = {
        "url": f"http://{LOOPBACK}:{port}{sensorthings_server.PATH}",
        "mqtt_url": f"mqtt://{LOOPBACK}:{broker}" if broker else None,
        "issuer": "sensor",
    }
    titles = ("Cảm biến không khí trường học (mô phỏng)", "Air sensors on schools (simulated)")
    known = {name: value for name, value in options.items() if value is not None}
    return binding(SOURCE, "sensorthings", "air_quality", titles, options=known, cadence_s=CADENCE_S * 1.3)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.part(sensors) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    stations = town.part(sensors)
    if not stations:
        return []
    service = Service(SOURCE, stations, host.faults, host.now)
    own = {"source": SOURCE, "faults": host.faults, "service": service}
    port = await host.http(SOURCE, [(rf"{sensorthings_server.PATH}/?(.*)", SensorThingsHandler, own)])
    broker = await host.broker(SOURCE)

    def spoken(start: float, end: float, skew_s: float) -> Iterator[Said]:
        for stream in _streams(stations):
            first, last = stream.slots(start - stream.delay_s, end, end)
            for row in stream.observations(first, last, skew_s):
                if start < stream.time(_number(row)) + stream.delay_s <= end:
                    yield Said(f"v1.1/Datastreams({stream.id})/Observations", json.dumps(row))

    host.spawn(speak(Speaker(source=SOURCE, standing=lambda _: (), spoken=spoken), broker, host))
    return [bound(port, broker.port)]


def _streams(stations: tuple[Station, ...]) -> list[Datastream]:
    return [stream for station in stations for stream in station.datastreams]


def _number(row: dict[str, object]) -> int:
    found = row["@iot.id"]
    assert isinstance(found, int)
    return found


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    stations = town.part(sensors)
    return {SOURCE: payloads(folder, SOURCE, _lines(stations, start, end))} if stations else {}


def _lines(stations: tuple[Station, ...], start: float, end: float) -> Iterator[Line]:
    told = [
        {
            **thing_of(station),
            "Locations": [place_of(station)],
            "Datastreams": [
                {**datastream(stream, station), "ObservedProperty": observed_property(n, stream)}
                for n, stream in enumerate(station.datastreams, 1)
            ],
        }
        for station in stations
    ]
    yield start, json.dumps({"value": told}, ensure_ascii=False)
    for t in range(int(start // HISTORY_S + 1) * int(HISTORY_S), int(end), int(HISTORY_S)):
        rows = []
        for stream in _streams(stations):
            first, last = stream.slots(t, t, end)
            rows += [
                {
                    "@iot.id": stream.id,
                    "unitOfMeasurement": {"symbol": stream.measured.unit, "definition": f"ucum:{stream.measured.ucum}"},
                    "ObservedProperty": {"name": stream.measured.id},
                    "Thing": {"@iot.id": stream.thing},
                    "Observations": stream.observations(first, last),
                }
            ]
        yield t + DELAY_S, json.dumps({"value": rows}, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=60)
