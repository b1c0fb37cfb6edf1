"""Entities of GTFS-realtime as records: vehicles and the delays of trips.

An enum or number that was not sent reads as 0 or its default: everything optional is asked for with HasField first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.transit import gtfs_realtime_pb2 as gtfs

from geodata.records import JSON, Observation, Position, Record, Rejected, Thing
from sources._gtfs_static import Names
from sources._values import text

KN = 3600 / 1852  # m/s to knots
FASTEST_M_S = 70.0
MILLISECONDS = 10**11
NO_OCCUPANCY = {"NO_DATA_AVAILABLE"}
SHORT = 2000


@dataclass(frozen=True, slots=True)
class Feed:
    """What the records of one message have in common."""

    issuer: str
    service: str
    category: str
    language: str
    header: gtfs.FeedHeader
    arrival: datetime
    names: Names = field(default_factory=Names)
    received_at: datetime | None = None

    @property
    def time(self) -> datetime:
        """The header's, else the arrival's."""
        return instant(self.header.timestamp) if self.header.HasField("timestamp") else self.arrival


def instant(seconds: int) -> datetime:
    """POSIX seconds, or milliseconds where a maker sends those. Raises ValueError outside 1990…2200."""
    value = seconds / 1000 if seconds >= MILLISECONDS else float(seconds)
    if not 631_152_000 <= value < 7_258_118_400:
        raise ValueError(f"no time of ours: {seconds}")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)


def words(value: str | bytes) -> str | None:
    """A text that the store can keep, None for an empty one. Raises ValueError."""
    if isinstance(value, bytes):  # so the library hands over what is not UTF-8
        raise ValueError("a text that is not UTF-8")  # noqa: TRY004 (what is wrong is the payload)
    if "\0" in value:
        raise ValueError("a NUL byte in a text")
    return text(value[:SHORT])


def thing_id(feed: Feed, entity: gtfs.FeedEntity) -> str:
    """Of the vehicle's id, else its label, else the entity's: what the maker keeps the same."""
    part = entity.vehicle if entity.HasField("vehicle") else entity.trip_update
    vehicle = part.vehicle
    name = words(vehicle.id) or words(vehicle.label) or words(vehicle.license_plate) or words(entity.id)
    if name is None:
        raise ValueError("an entity without id")
    return f"{feed.issuer}:{name}"


def vehicle(feed: Feed, entity: gtfs.FeedEntity) -> Iterator[Record | Rejected]:
    """Thing, Position, occupancy. Raises ValueError for a time, place or text that is none."""
    found = entity.vehicle
    name = thing_id(feed, entity)
    time = instant(found.timestamp) if found.HasField("timestamp") else feed.time
    yield Thing(
        id=name,
        name=words(found.vehicle.label) or words(found.vehicle.license_plate),
        category=feed.category,
        properties={**_trip(feed, found.trip), **_plate(found.vehicle), "in_service": True},
        received_at=feed.received_at,
    )
    place = found.position
    if not found.HasField("position") or (place.latitude == 0 and place.longitude == 0):
        yield Rejected(reason="no_position", detail=name, received_at=feed.received_at)
    else:
        yield _fix(feed, name, time, place)
    yield from _occupancy(feed, name, time, found)


def _fix(feed: Feed, name: str, time: datetime, place: gtfs.Position) -> Position:
    if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        raise ValueError(f"not on the globe: lon {place.longitude:g} lat {place.latitude:g}")
    speed = place.speed if place.HasField("speed") else math.nan
    bearing = place.bearing if place.HasField("bearing") else math.nan
    return Position(
        thing_id=name,
        time=time,
        lon=round(place.longitude, 5),  # sent as float32, which is good to 0.4 m
        lat=round(place.latitude, 5),
        sog_kn=round(speed * KN, 2) if 0 <= speed <= FASTEST_M_S else None,
        heading_deg=round(bearing % 360, 1) % 360 if math.isfinite(bearing) else None,
        received_at=feed.received_at,
    )


def _occupancy(feed: Feed, name: str, time: datetime, found: gtfs.VehiclePosition) -> Iterator[Observation]:
    if found.HasField("occupancy_status"):
        word = gtfs.VehiclePosition.OccupancyStatus.Name(found.occupancy_status)
        if word not in NO_OCCUPANCY:
            yield Observation(
                thing_id=name,
                observed_property="occupancy_status",
                phenomenon_time=time,
                result=word,
                received_at=feed.received_at,
            )
    if found.HasField("occupancy_percentage"):
        yield Observation(
            thing_id=name,
            observed_property="occupancy",
            phenomenon_time=time,
            result=float(found.occupancy_percentage),
            unit="%",
            received_at=feed.received_at,
        )


def _trip(feed: Feed, trip: gtfs.TripDescriptor) -> dict[str, JSON]:
    """Route and trip; null where there is none, so that a bus that goes out of its route loses it."""
    number = words(trip.trip_id)
    of_trip, headsign = feed.names.trips.get(number or "", (None, None))
    route = words(trip.route_id) or of_trip
    short, long = feed.names.routes.get(route or "", (None, None))
    return {
        "route_id": route,
        "route": short or route,
        "route_name": long,
        "headsign": headsign,
        "trip_id": number,
        "direction": trip.direction_id if trip.HasField("direction_id") else None,
        "schedule": (
            gtfs.TripDescriptor.ScheduleRelationship.Name(trip.schedule_relationship)
            if trip.HasField("schedule_relationship")
            else None
        ),
    }


def _plate(found: gtfs.VehicleDescriptor) -> dict[str, JSON]:
    plate = words(found.license_plate)
    return {"license_plate": plate} if plate else {}


def trip_update(feed: Feed, entity: gtfs.FeedEntity) -> Iterator[Record | Rejected]:
    """The delay of a trip, when it says which vehicle runs it: its own, else that at its first stop still to come."""
    update = entity.trip_update
    if not update.HasField("vehicle"):
        yield Rejected(reason="unused_trip_update", detail="without a vehicle", received_at=feed.received_at)
        return
    delay: int | None = update.delay if update.HasField("delay") else None
    for stop in update.stop_time_update:
        if delay is not None:
            break
        for when in (stop.arrival, stop.departure):
            if delay is None and when.HasField("delay"):
                delay = when.delay
    if delay is None:
        yield Rejected(reason="unused_trip_update", detail="without a delay", received_at=feed.received_at)
        return
    yield Observation(
        thing_id=thing_id(feed, entity),
        observed_property="delay",
        phenomenon_time=instant(update.timestamp) if update.HasField("timestamp") else feed.time,
        result=float(delay),
        unit="s",
        received_at=feed.received_at,
    )
