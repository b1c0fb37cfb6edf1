"""One reference station of the city over OpenAQ v3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.faults import Faults
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.openaq_server import DELAY_S, LOCATION, SENSORS, OpenAQHandler, Reference, reply
from sources.simulator.profile import AirStation
from sources.simulator.series import HOUR_S
from sources.simulator.town import Town

SOURCE = "simulated_openaq"
CADENCE_S = 4500.0  # an hour's mean is out ten minutes after it


class ReferenceProfile(BaseModel):
    """``profiles/openaq/CITY.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    station: AirStation


def bound(port: int = 0) -> SourceBinding:
    titles = ("Trạm chuẩn trên OpenAQ (mô phỏng)", "Reference station on OpenAQ (simulated)")
    options = {"url": f"http://{LOOPBACK}:{port}", "locations": [LOCATION], "poll_s": 60, "refresh_s": 3600}
    return binding(SOURCE, "openaq", "air_quality", titles, options=options, cadence_s=CADENCE_S)


def _station(town: Town) -> AirStation | None:
    found = town.data("openaq", ReferenceProfile) if town.runs("air_quality") else None
    return found.station if found else None


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if _station(town) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    station = _station(town)
    if station is None:
        return []
    reference = Reference(SOURCE, station, town.seed, town.spell, host.faults, host.now)
    own = {"source": SOURCE, "faults": host.faults, "reference": reference}
    return [bound(await host.http(SOURCE, [(r"/v3/(.*)", OpenAQHandler, own)]))]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    station = _station(town)
    if station is None:
        return {}
    reference = Reference(SOURCE, station, town.seed, town.spell, Faults(()), lambda: end)
    return {SOURCE: payloads(folder, SOURCE, _replies(reference, start, end))}


def _replies(reference: Reference, start: float, end: float) -> Iterator[Line]:
    """The location, then the hours as they came out, a reply for each sensor and hour."""
    yield start, json.dumps(reply([reference.location()]), ensure_ascii=False)
    rows = [
        (hour_end, name, sensor)
        for hour_end in range(int(start // HOUR_S + 1) * int(HOUR_S), int(end - DELAY_S) + 1, int(HOUR_S))
        for name, sensor in SENSORS
        if start < hour_end + DELAY_S <= end
    ]
    for hour_end, name, sensor in rows:
        found = reference.measurements(name, hour_end, hour_end)
        whole = {"locationsId": LOCATION, "sensorsId": sensor, **reply(found)}
        yield hour_end + DELAY_S, json.dumps(whole, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=36)
