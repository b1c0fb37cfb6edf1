"""The city's buses over GTFS-realtime: vehicles with their delays, service alerts, and the static names."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from google.transit import gtfs_realtime_pb2 as gtfs

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.bus_fleet import BusFleet, Seen
from sources.simulator.bus_lines import BusProfile
from sources.simulator.bus_notices import Notice, notices
from sources.simulator.clock import DAY_S
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.town import Town

BUSES = "simulated_buses"
PATH = "/gtfs-rt"
POLL_S = 15.0
CADENCE_S = 30.0
FIX_S = 10.0
"""The sets of all buses report on the same ten seconds."""

HISTORY_S, RECORDED_S = DAY_S, 600.0
FULL, STANDING = 100, 75
PROTOBUF = "application/x-protobuf"


def bound(port: int = 0) -> SourceBinding:
    root = f"http://{LOOPBACK}:{port}{PATH}"
    options = {
        "url": f"{root}/vehicles.pb",
        "alerts_url": f"{root}/alerts.pb",
        "static": f"{root}/gtfs.zip",
        "poll_s": POLL_S,
    }
    titles = ("Xe buýt (mô phỏng)", "Buses (simulated)")
    return binding(BUSES, "gtfs_rt", "buses", titles, options=options, cadence_s=CADENCE_S)


def fleet(town: Town) -> BusFleet | None:
    """None where the city runs no buses or its profile has no lines."""
    profile = town.data("buses", BusProfile) if town.runs("buses") else None
    return None if profile is None else BusFleet(town.seed, profile, town.spell)


def sources(town: Town) -> list[SourceBinding]:
    return [] if town.part(fleet) is None else [bound()]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    buses = town.part(fleet)
    if buses is None:
        return []
    service = BusService(buses, host.faults, host.now)
    own = {"source": BUSES, "faults": host.faults, "service": service}
    return [bound(await host.http(BUSES, [(rf"{PATH}/(vehicles\.pb|alerts\.pb|gtfs\.zip)", BusHandler, own)]))]


class BusService:
    """What each address answers at the city's time."""

    def __init__(self, buses: BusFleet, faults: Faults, clock: Callable[[], float]) -> None:
        self.buses, self.faults, self.clock = buses, faults, clock

    def body(self, name: str) -> bytes:
        if name == "gtfs.zip":
            return static(self.buses)
        now = self.faults.held_at(BUSES, self.clock()) // FIX_S * FIX_S
        skew = self.faults.skew_s(BUSES)
        told = alerts(self.buses, now, skew) if name == "alerts.pb" else vehicles(self.buses.seen(now), now, skew)
        if self.faults.is_on(BUSES, Kind.DUPLICATES):
            told.entity.extend(list(told.entity))
        data: bytes = told.SerializeToString()
        return data


class BusHandler(FaultyHandler):
    """Protobuf and a zip; an unchanged one is 304 (Tornado's ETag)."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.service: BusService = own["service"]

    async def get(self, name: str) -> None:
        data = self.service.body(name)
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            await self._huge()
            return
        if self.faults.is_on(self.source, Kind.GARBAGE):
            data = b"\xff\xfe" + data[: len(data) // 2]
        self.set_status(HTTPStatus.OK)
        self.set_header("Content-Type", "application/zip" if name.endswith("zip") else PROTOBUF)
        await self.finish(data)


def message(t: float, skew_s: float = 0.0, *, differential: bool = False) -> gtfs.FeedMessage:
    made = gtfs.FeedMessage()
    made.header.gtfs_realtime_version = "2.0"
    kinds = gtfs.FeedHeader
    made.header.incrementality = kinds.DIFFERENTIAL if differential else kinds.FULL_DATASET
    made.header.timestamp = int(t + skew_s)
    return made


def vehicles(seen: Iterator[Seen], t: float, skew_s: float = 0.0) -> gtfs.FeedMessage:
    """Every bus on the road, with the delay of its trip in whole minutes."""
    made = message(t, skew_s)
    for one in seen:
        _vehicle(made, one, skew_s)
        update = made.entity.add()
        update.id = f"d-{one.bus.id}"
        told = update.trip_update
        told.trip.trip_id, told.trip.route_id = one.trip, one.bus.line.id
        told.vehicle.id = one.bus.id
        told.timestamp = int(one.t + skew_s)
        told.delay = round(one.delay_s / 60) * 60
    return made


def _vehicle(made: gtfs.FeedMessage, one: Seen, skew_s: float) -> None:
    entity = made.entity.add()
    entity.id = f"v-{one.bus.id}"
    found = entity.vehicle
    found.vehicle.id, found.vehicle.label, found.vehicle.license_plate = one.bus.id, one.bus.label, one.bus.plate
    found.trip.trip_id, found.trip.route_id, found.trip.direction_id = one.trip, one.bus.line.id, one.direction
    found.position.latitude, found.position.longitude = one.lat, one.lon
    found.position.bearing, found.position.speed = one.bearing, one.speed_m_s
    found.timestamp = int(one.t + skew_s)
    found.occupancy_status = _occupancy(one.crowd)
    found.occupancy_percentage = one.crowd


def _occupancy(crowd: int) -> gtfs.VehiclePosition.OccupancyStatus:
    kinds = gtfs.VehiclePosition
    if crowd >= FULL:
        return kinds.FULL
    if crowd >= STANDING:
        return kinds.STANDING_ROOM_ONLY
    return kinds.FEW_SEATS_AVAILABLE if crowd >= STANDING // 2 + 10 else kinds.MANY_SEATS_AVAILABLE


def alerts(buses: BusFleet, t: float, skew_s: float = 0.0) -> gtfs.FeedMessage:
    made = message(t, skew_s)
    for notice in notices(buses.seed, buses.profile, buses.spell, t):
        _alert(made, notice, skew_s)
    return made


def _alert(made: gtfs.FeedMessage, notice: Notice, skew_s: float) -> None:
    entity = made.entity.add()
    entity.id = notice.id
    found = entity.alert
    period = found.active_period.add()
    period.start, period.end = int(notice.start + skew_s), int(notice.end + skew_s)
    found.cause, found.effect, found.severity_level = notice.cause, notice.effect, notice.level
    for language, text in zip(("vi", "en"), notice.title, strict=True):
        told = found.header_text.translation.add()
        told.language, told.text = language, text
    told = found.description_text.translation.add()
    told.language, told.text = "vi", notice.text
    informed = found.informed_entity.add()
    if notice.line is None:
        informed.agency_id = "xe_buyt"
    else:
        informed.route_id = notice.line.id
    if notice.stop is not None:
        informed.stop_id = notice.stop


def static(buses: BusFleet) -> bytes:
    """The GTFS zip: routes, trips and stops. The same city is the same file, byte for byte."""
    profile = buses.profile
    ends = {line.id: (line.stops[-1], line.stops[0]) for line in profile.lines}
    routes = [f'{line.id},xe_buyt,{line.id},"{line.name}",3' for line in profile.lines]
    stops = [f'{key},"{place.name}",{place.at[1]},{place.at[0]}' for key, place in profile.places.items()]
    trips = []
    for bus, direction, s in buses.timetable():
        trip = f"{bus.line.id}-{direction}-{int(s // 3600):02d}{int(s % 3600 // 60):02d}-{bus.place + 1}"
        headsign = profile.places[ends[bus.line.id][direction]].name
        trips.append(f'{bus.line.id},hang_ngay,{trip},"{headsign}",{direction}')
    tables = {
        "routes.txt": ["route_id,agency_id,route_short_name,route_long_name,route_type", *routes],
        "stops.txt": ["stop_id,stop_name,stop_lat,stop_lon", *stops],
        "trips.txt": ["route_id,service_id,trip_id,trip_headsign,direction_id", *trips],
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, rows in tables.items():
            zipped.writestr(zipfile.ZipInfo(name), "\r\n".join(rows) + "\r\n", zipfile.ZIP_DEFLATED)
    return made.getvalue()


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    """The last day every ten minutes, as differential messages that also say who has left the road."""
    buses = town.part(fleet)
    if buses is None:
        return {}
    return {BUSES: payloads(folder, BUSES, _recorded(buses, max(start, end - HISTORY_S), end))}


def _recorded(buses: BusFleet, start: float, end: float) -> Iterator[Line]:
    known: dict[str, str] = {}
    told: set[str] = set()
    t = start // RECORDED_S * RECORDED_S + RECORDED_S
    while t <= end:
        made = message(t, differential=True)
        here: dict[str, str] = {}
        for one in buses.seen(t):
            _vehicle(made, one, 0.0)
            here[one.bus.id] = f"v-{one.bus.id}"
        for bus, entity_id in known.items():
            if bus not in here:
                left = made.entity.add()
                left.id, left.is_deleted, left.vehicle.vehicle.id = entity_id, True, bus
        for notice in notices(buses.seed, buses.profile, buses.spell, t):
            if notice.id not in told:
                told.add(notice.id)
                _alert(made, notice, 0.0)
        known = here
        if made.entity:
            yield t, made.SerializeToString()
        t += RECORDED_S


FEED = Feed(sources=sources, open=open_, history=history, order=40)
