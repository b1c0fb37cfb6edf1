"""Recordings of stations as SensorThings replies: the things, then what each look brought."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sources.simulator.feed import Line
from sources.simulator.sensorthings_server import datastream, location, observed_property, thing, unit_of
from sources.simulator.things import Datastream, Entity, Station


def recorded(stations: Sequence[Station], start: float, end: float, every: int = 1) -> Iterator[Line]:
    """All observations that had come out since the last look; only each ``every``-th slot of a fast datastream."""
    yield start, json.dumps({"value": [_told(station) for station in stations]}, ensure_ascii=False)
    arrivals: dict[float, list[Entity]] = {}
    for stream in (stream for station in stations for stream in station.datastreams):
        first, last = stream.slots(start - stream.delay_s, end, end)
        for row in stream.observations(first, last, every=every):
            slot = row["@iot.id"]
            assert isinstance(slot, int)
            arrivals.setdefault(stream.time(slot) + stream.delay_s, []).append(_headed(stream, row))
    for arrival in sorted(arrivals):
        yield arrival, json.dumps({"value": arrivals[arrival]}, ensure_ascii=False)


def _told(station: Station) -> Entity:
    """A Thing with its Locations and Datastreams expanded."""
    streams = [
        {**datastream(stream, station), "ObservedProperty": observed_property(n, stream)}
        for n, stream in enumerate(station.datastreams, 1)
    ]
    return {**thing(station), "Locations": [location(station)], "Datastreams": streams}


def _headed(stream: Datastream, row: Entity) -> Entity:
    """A Datastream with one of its Observations, as $expand with $select gives it."""
    unit = unit_of(stream.measured)
    return {
        "@iot.id": stream.id,
        "unitOfMeasurement": {"symbol": unit["symbol"], "definition": unit["definition"]},
        "ObservedProperty": {"name": stream.measured.id},
        "Thing": {"@iot.id": stream.thing},
        "Observations": [row],
    }
