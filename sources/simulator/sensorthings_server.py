"""An OGC SensorThings 1.1 service (18-088) over one set of stations: read only, as a public instance is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler
from sources.simulator.odata import BadQuery, Filter, Query, lookup, parse_query
from sources.simulator.series import Measured
from sources.simulator.things import SLOTS, Datastream, Entity, Station

PATH = "/sta/v1.1"
PAGE, LARGEST_PAGE = 100, 1000
_CHUNK = 256
_SEGMENT = re.compile(r"^(?P<name>[A-Za-z]+)(?:\((?P<id>\d+)\))?$")

ONE = {"Thing": "Things", "Sensor": "Sensors", "ObservedProperty": "ObservedProperties", "Datastream": "Datastreams"}
MANY: Mapping[str, tuple[str, ...]] = {
    "Things": ("Locations", "Datastreams"),
    "Locations": ("Things",),
    "Datastreams": ("Thing", "Sensor", "ObservedProperty", "Observations"),
    "Sensors": ("Datastreams",),
    "ObservedProperties": ("Datastreams",),
    "Observations": ("Datastream",),
}
"""Collections and their navigation links."""


@dataclass(frozen=True, slots=True)
class Service:
    """The entities of one instance and what leads from one to the other."""

    source: str
    stations: Sequence[Station]
    faults: Faults
    clock: Callable[[], float]

    @property
    def datastreams(self) -> Sequence[Datastream]:
        return [stream for station in self.stations for stream in station.datastreams]

    def collection(self, name: str, query: Query) -> Iterable[Entity]:
        """The entities of a collection, before $orderby, $skip and $top except for Observations."""
        if name == "Observations":
            return (row for stream in self.datastreams for row in self.observations(stream, query))
        makers: Mapping[str, Iterable[Entity]] = {
            "Things": map(thing, self.stations),
            "Locations": map(location, self.stations),
            "Datastreams": (datastream(stream, self.station(stream.thing)) for stream in self.datastreams),
            "Sensors": (sensor(stream, self.station(stream.thing)) for stream in self.datastreams),
            "ObservedProperties": (observed_property(n, stream) for n, stream in self.properties().items()),
        }
        return (entity for entity in makers[name] if query.filter.test(entity))

    def station(self, number: int) -> Station:
        return self.stations[number - 1]

    def stream(self, number: object) -> Datastream | None:
        return next((stream for stream in self.datastreams if stream.id == number), None)

    def properties(self) -> Mapping[int, Datastream]:
        """One datastream of each observed property, by the property's id."""
        unique = {stream.measured.id: stream for stream in self.datastreams}
        return dict(enumerate(unique.values(), 1))

    def observations(self, stream: Datastream, query: Query) -> Iterable[Entity]:
        """Lazily in the order asked for: by time, which is also by id."""
        now = self.faults.held_at(self.source, self.clock())
        skew = self.faults.skew_s(self.source)
        first, last = stream.slots(query.filter.start - skew, query.filter.end - skew, now)
        copies = 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1
        descending = bool(query.orderby) and query.orderby[0][1]
        starts = range(first, last + 1, _CHUNK)
        for start in reversed(starts) if descending else starts:
            rows = stream.observations(start, min(start + _CHUNK - 1, last), skew)
            for row in reversed(rows) if descending else rows:
                row["Datastream"] = {"@iot.id": stream.id}
                if query.filter.test(row):
                    yield from (row for _ in range(copies))

    def entity(self, name: str, number: int) -> Entity | None:
        """One entity of a collection by its id."""
        if name != "Observations":
            return next((row for row in self.collection(name, Query()) if row["@iot.id"] == number), None)
        stream = self.stream(number // SLOTS)
        if stream is None:
            return None
        t = stream.time(number)
        rows = self.observations(stream, Query(filter=Filter(lambda _: True, t, t)))
        skewed = self.observations(stream, Query()) if self.faults.skew_s(self.source) else rows
        return next((row for row in skewed if row["@iot.id"] == number), None)

    def related(self, collection: str, entity: Entity, link: str, query: Query) -> Iterable[Entity]:
        """What a navigation link leads to. Raises BadQuery for a link the entity does not have."""
        if link not in MANY[collection]:
            raise BadQuery(f"{collection} have no {link}")
        number = entity["@iot.id"]
        if link == "Observations":
            stream = self.stream(number)
            return self.observations(stream, query) if stream else ()
        if collection == "Observations":
            home = entity["Datastream"]
            wanted = home["@iot.id"] if isinstance(home, dict) else None
            return self._where(ONE[link], query, lambda e: e["@iot.id"] == wanted)
        if {collection, link} == {"Things", "Locations"}:
            return self._where(link, query, lambda e: e["@iot.id"] == number)
        if collection == "Datastreams":
            return self._of_stream(self.stream(number), link, query)
        ours = {stream.id for stream in self.datastreams if number in self._parents(collection, stream)}
        return self._where("Datastreams", query, lambda e: e["@iot.id"] in ours)

    def _where(self, collection: str, query: Query, wanted: Callable[[Entity], bool]) -> Iterable[Entity]:
        return (entity for entity in self.collection(collection, query) if wanted(entity))

    def _of_stream(self, stream: Datastream | None, link: str, query: Query) -> Iterable[Entity]:
        if stream is None:
            return ()
        wanted = self._parents(ONE[link], stream)
        return self._where(ONE[link], query, lambda e: e["@iot.id"] in wanted)

    def _parents(self, collection: str, stream: Datastream) -> set[object]:
        if collection == "Things":
            return {stream.thing}
        if collection == "Sensors":
            return {stream.id}
        return {n for n, other in self.properties().items() if other.measured.id == stream.measured.id}


def thing(station: Station) -> Entity:
    return {
        "@iot.id": station.id,
        "name": station.name,
        "description": station.description,
        "properties": station.properties,
    }


def location(station: Station) -> Entity:
    return {
        "@iot.id": station.id,
        "name": station.name,
        "description": station.description,
        "encodingType": "application/geo+json",
        "location": (
            {"type": "LineString", "coordinates": [list(place) for place in station.path]}
            if station.path
            else {"type": "Point", "coordinates": [station.lon, station.lat]}
        ),
    }


def unit_of(measured: Measured) -> Entity:
    """Of words the standard has all three null."""
    if measured.words:
        return {"name": None, "symbol": None, "definition": None}
    return {"name": measured.unit_name, "symbol": measured.unit, "definition": f"ucum:{measured.ucum}"}


def datastream(stream: Datastream, station: Station) -> Entity:
    measured = stream.measured
    return {
        "@iot.id": stream.id,
        "name": f"{measured.name}, {station.name}",
        "description": f"{measured.name} tại {station.name}",
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
        + ("OM_CategoryObservation" if measured.words else "OM_Measurement"),
        "unitOfMeasurement": unit_of(measured),
        "properties": {"observed_property": measured.id},
    }


def sensor(stream: Datastream, station: Station) -> Entity:
    return {
        "@iot.id": stream.id,
        "name": f"{stream.measured.name}, {station.code}",
        "description": f"Thiết bị đo {stream.measured.name}",
        "encodingType": "text/html",
        "metadata": "mô phỏng",
    }


def observed_property(number: int, stream: Datastream) -> Entity:
    return {
        "@iot.id": number,
        "name": stream.measured.id,
        "definition": f"https://vonglau.invalid/def/{stream.measured.id}",
        "description": stream.measured.name,
    }


class SensorThingsHandler(FaultyHandler):
    """Every path under the service root."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.service: Service = own["service"]

    async def get(self, path: str = "") -> None:
        self.root = f"{self.request.protocol}://{self.request.host}{PATH}"
        options = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        try:
            query = parse_query(options)
            status, body = 200, self.answer([part for part in path.split("/") if part], query, options)
        except BadQuery as error:
            status, body = 400, {"code": 400, "type": "error", "message": str(error)}
        except LookupError:
            status, body = 404, {"code": 404, "type": "error", "message": "Nothing found."}
        await self.send(json.dumps(body, ensure_ascii=False), "application/json", status)

    def answer(self, parts: Sequence[str], query: Query, options: Mapping[str, str]) -> Entity:
        """Walks the path; the last part is a collection or an entity. Raises LookupError when nothing is there."""
        if not parts:
            names = [{"name": name, "url": f"{self.root}/{name}"} for name in MANY]
            return {"value": names, "serverSettings": {"conformance": [CONFORMANCE]}}
        holder: tuple[str, Entity] | None = None
        for position, part in enumerate(parts):
            match = _SEGMENT.match(part)
            if match is None:
                raise LookupError(part)
            name, number, last = match["name"], match["id"], position == len(parts) - 1
            collection = ONE.get(name, name)
            if collection not in MANY:
                raise LookupError(name)
            rows = self.rows(holder, name, query if last and number is None else Query())
            if number is None and name not in ONE:
                if not last:
                    raise LookupError(part)
                is_sorted = holder is not None and query.orderby in IN_TIME and collection == "Observations"
                return self.page(collection, rows if is_sorted else ordered(rows, query), query, options)
            if holder is None and number is not None:
                entity = self.service.entity(name, int(number))
            else:
                entity = next((row for row in rows if number is None or row["@iot.id"] == int(number)), None)
            if entity is None:
                raise LookupError(part)
            holder = (collection, entity)
        assert holder is not None
        return self.complete(*holder, query)

    def rows(self, holder: tuple[str, Entity] | None, name: str, query: Query) -> Iterable[Entity]:
        if holder is None:
            return self.service.collection(name, query) if name in MANY else ()
        return self.service.related(*holder, name, query)

    def page(self, collection: str, rows: Iterable[Entity], query: Query, options: Mapping[str, str]) -> Entity:
        top = min(PAGE if query.top is None else query.top, LARGEST_PAGE)
        total: Entity = {}
        if query.count:
            rows = list(rows)
            total = {"@iot.count": len(rows)}
        found = list(islice(rows, query.skip, query.skip + top + 1))
        if len(found) > top:
            onward = {**options, "$skip": str(query.skip + top)}
            path = self.request.path.removeprefix(PATH)
            total["@iot.nextLink"] = f"{self.root}{quote(path, safe='/()')}?{urlencode(onward)}"
        return {**total, "value": [self.complete(collection, row, query) for row in found[:top]]}

    def complete(self, collection: str, entity: Entity, query: Query) -> Entity:
        """An entity with links, expanded sets and only the selected fields."""
        number = entity["@iot.id"]
        itself = f"{self.root}/{collection}({number})"
        chosen = {k: v for k, v in entity.items() if not query.select or k in query.select or k == "@iot.id"}
        if "id" in query.select:
            chosen["@iot.id"] = number
        if collection == "Observations":
            chosen.pop("Datastream", None)
        if not query.select:
            chosen["@iot.selfLink"] = itself
            chosen |= {f"{link}@iot.navigationLink": f"{itself}/{link}" for link in MANY[collection]}
        for link, nested in query.expand.items():
            chosen |= self.expanded(collection, entity, link, nested)
        return chosen

    def expanded(self, collection: str, entity: Entity, link: str, query: Query) -> Entity:
        rows = self.service.related(collection, entity, link, query)
        if link in ONE:
            return {link: next((self.complete(ONE[link], row, query) for row in rows), None)}
        top = min(PAGE if query.top is None else query.top, LARGEST_PAGE)
        if link != "Observations" or query.orderby not in IN_TIME:
            rows = ordered(rows, query)
        found = list(islice(rows, query.skip, query.skip + top + 1))
        onward: Entity = {}
        if len(found) > top:
            here = f"{self.root}/{collection}({entity['@iot.id']})/{link}"
            onward = {f"{link}@iot.nextLink": f"{here}?{urlencode({'$top': top, '$skip': query.skip + top})}"}
        return {link: [self.complete(link, row, query) for row in found[:top]], **onward}


IN_TIME = (
    (),
    *(((path, descending),) for path in ("phenomenonTime", "resultTime", "id") for descending in (False, True)),
)
"""Orders in which the observations of one datastream are made anyway."""

CONFORMANCE = "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel"


def ordered(rows: Iterable[Entity], query: Query) -> Iterable[Entity]:
    """$orderby with several keys, the last key first because sorting is stable; nulls first."""
    if not query.orderby:
        return rows
    found = list(rows)
    for path, descending in reversed(query.orderby):
        found.sort(key=lambda row: _sortable(lookup(row, path)), reverse=descending)
    return found


def _sortable(value: float | str | None) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    return (1, value, "") if isinstance(value, float) else (2, 0.0, value)
