"""One record of each kind out of a row's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry import Point

from geodata.catalogue import services
from geodata.records import (
    JSON,
    Event,
    Feature,
    Observation,
    Position,
    Quality,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)
from sources._open311_request import state
from sources._table_places import Where, agency, ward
from sources._table_typed import KNOTS, QUALITY, Typed
from sources._table_values import boolean, is_nothing, text
from sources._vocabulary import category, observed_property, urgency
from sources.units import ucum

STATUSES = {status.value: status for status in RequestStatus}


class Wrong(ValueError):
    """A field that cannot be read; ``reason`` is the ledger's word for it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail[:200])
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Making:
    """One row on its way: its id, its cells by field (``raw``: in the source's own words), and when it counts."""

    id: str
    get: Callable[[str], Any]
    raw: Callable[[str], str | None]
    typed: Typed
    as_of: datetime
    received_at: datetime | None
    moving: bool
    service: str

    def text(self, name: str) -> str | None:
        value = self.get(name)
        if is_nothing(value):
            return None
        try:
            return text(value)
        except ValueError as error:
            raise Wrong("malformed", f"{name}: {error}") from error

    def _read(self, name: str, read: Callable[[Any], Any], reason: str) -> Any:
        value = self.get(name)
        if is_nothing(value):
            return None
        try:
            return read(value)
        except ValueError as error:
            raise Wrong(reason, f"{name}: {error}") from error

    def time(self, name: str) -> datetime | None:
        found: datetime | None = self._read(name, self.typed.time, "bad_time")
        return found

    def period(self, name: str) -> tuple[datetime, datetime] | None:
        found: tuple[datetime, datetime] | None = self._read(name, self.typed.period, "bad_time")
        return found

    def number(self, name: str) -> float | None:
        found: float | None = self._read(name, self.typed.number, "bad_number")
        return found

    def integer(self, name: str) -> int | None:
        found: int | None = self._read(name, self.typed.integer, "bad_number")
        return found

    def category(self) -> str | None:
        word = self.text("category")
        return word and (category(self.service, word) or word)

    def linked(self, name: str) -> str | None:
        """The id of another row of the same issuer."""
        word = self.text(name)
        return word and f"{self.typed.options.issuer}:{word}"

    def quality(self) -> Quality:
        word = self.text("quality")
        if word is None:
            return Quality.MEASURING
        if (found := QUALITY.get(word.casefold())) is None:
            raise Wrong("bad_quality", f"quality: {word[:40]!r} is no device state; map it with values.quality")
        return found


def needed(value: Any, name: str, reason: str) -> Any:
    """The value; Wrong when there is none."""
    if value is None:
        raise Wrong(reason, f"no {name}")
    return value


def span(made: Making) -> tuple[datetime, datetime | None]:
    """When an observation counts: its period, its time with its end, else the time of the table."""
    if (found := made.period("period")) is not None:
        return found
    start = made.time("time")
    end = made.time("end")
    if start is not None and end is not None and end < start:
        raise Wrong("bad_time", "end before time")
    return (made.as_of, None) if start is None else (start, end)


def at_agency(get: Callable[[str], Any], city: str | None) -> Where | None:
    """The ward of the agency that the row names, when the city's file knows where it stands."""
    word = text(get("agency")) if city else None
    found = agency(city, word) if word else None
    if found is None or found.ward_code is None:
        return None
    unit = ward(city, found.ward_code, None)
    return Where(Point(unit.lon, unit.lat), unit)


Properties = Mapping[str, JSON]
Person = Mapping[str, str]


def thing(made: Making, where: Where | None, properties: Properties, _: Person) -> Thing:
    word = made.text("agency")
    known = agency(made.typed.options.city, word) if word else None
    own = {"retired": False} if made.typed.options.snapshot == "close" else {}
    return Thing(
        id=made.id,
        name=made.text("name"),
        category=made.category(),
        geometry=None if made.moving or where is None else where.geometry,
        agency=known.id if known else word,
        azimuth_deg=made.number("azimuth_deg"),
        fov_deg=made.number("fov_deg"),
        range_m=made.number("range_m"),
        mast_height_m=made.number("mast_height_m"),
        time=None if made.moving else made.time("time"),
        properties={**properties, **own},
        received_at=made.received_at,
    )


def observation(made: Making, _where: Where | None, _properties: Properties, _: Person) -> Observation | None:
    """One result of a long table; None for an empty cell."""
    word = needed(made.text("observed_property"), "observed_property", "malformed")
    name = observed_property(made.service, word) or word
    entry = services().get(made.service)
    known = entry.observed_property(name) if entry else None
    start, end = span(made)
    unit = made.text("unit")
    is_word = known is not None and known.unit is None
    result: float | str | None = made.text("result") if is_word else made.number("result")
    parts = made.number("numerator"), made.number("denominator")
    if result is None:
        return None
    return Observation(
        thing_id=made.id,
        observed_property=name,
        phenomenon_time=start,
        phenomenon_end=end,
        result=result,
        unit=None
        if isinstance(result, str)
        else (ucum(unit, more=made.typed.options.units) or unit if unit else known.unit if known else None),
        quality=made.quality(),
        numerator=parts[0],
        denominator=parts[1],
        received_at=made.received_at,
    )


def position(made: Making, where: Where | None, _properties: Properties, _: Person) -> Position:
    if where is None or not isinstance(where.geometry, Point) or where.ward is not None:
        raise Wrong("no_position", "no lon and lat")
    speed, course, heading = made.number("sog_kn"), made.number("cog_deg"), made.number("heading_deg")
    knots = None if speed is None else speed * KNOTS[made.typed.options.speed_unit]
    return Position(
        thing_id=made.id,
        time=needed(made.time("time"), "time", "bad_time"),
        lon=where.geometry.x,
        lat=where.geometry.y,
        sog_kn=knots if knots is not None and 0 <= knots < 102.3 else None,
        cog_deg=course % 360 if course is not None and 0 <= course <= 360 else None,
        heading_deg=heading % 360 if heading is not None and 0 <= heading <= 360 else None,
        status=made.integer("status"),
        received_at=made.received_at,
    )


def request(made: Making, where: Where | None, properties: Properties, person: Person) -> ServiceRequest:
    requested = needed(made.time("requested_datetime"), "requested_datetime", "bad_time")
    closed, updated = made.time("closed_datetime"), made.time("updated_datetime")
    updated = updated or max(requested, closed or requested)
    word = made.text("status")
    own = STATUSES.get(word or "")
    status = own or (state([word], {})[0] if word else RequestStatus.CLOSED if closed else RequestStatus.OPEN)
    return ServiceRequest(
        id=made.id,
        requested_datetime=requested,
        updated_datetime=updated,
        status=status,
        source_status=made.raw("status"),
        closed_datetime=closed or (None if status.is_open else updated),
        expected_datetime=made.time("expected_datetime"),
        service_code=made.text("service_code"),
        service_name=made.text("service_name"),
        title=made.text("title"),
        description=made.text("description"),
        status_notes=made.text("status_notes"),
        agency=made.text("agency"),
        address=made.text("address"),
        geometry=where.geometry if where else None,
        urgency=urgency(made.service, made.text("urgency")),
        channel=made.text("channel"),
        rating=made.text("rating"),
        media_url=made.text("media_url"),
        duplicate_of=made.linked("duplicate_of"),
        properties=properties,
        person=person,
        received_at=made.received_at,
    )


def event(made: Making, where: Where | None, properties: Properties, _: Person) -> Event:
    severity = made.integer("severity")
    return Event(
        id=made.id,
        time=needed(made.time("time"), "time", "bad_time"),
        end_time=made.time("end_time"),
        category=made.category(),
        title=made.text("title"),
        description=made.text("description"),
        thing_id=made.linked("thing"),
        geometry=where.geometry if where else None,
        place_level=None if where is None else "ward" if where.ward else "point",
        severity=severity if severity is not None and 1 <= severity <= 5 else None,
        status=made.text("status"),
        url=made.text("url"),
        properties=properties,
        received_at=made.received_at,
    )


def feature(made: Making, where: Where | None, properties: Properties, _: Person) -> Feature:
    if where is None:
        raise Wrong("no_position", "a feature without a place")
    try:
        approximate = made.get("approximate")
        rough = where.ward is not None or (not is_nothing(approximate) and boolean(approximate))
    except ValueError as error:
        raise Wrong("malformed", f"approximate: {error}") from error
    return Feature(
        collection=needed(made.text("collection"), "collection", "malformed"),
        id=made.id,
        geometry=where.geometry,
        name=made.text("name"),
        category=made.category(),
        valid_from=made.time("valid_from"),
        valid_to=made.time("valid_to"),
        approximate=rough,
        properties=properties,
        received_at=made.received_at,
    )


MAKE: Mapping[str, Callable[[Making, Where | None, Properties, Person], Record | None]] = {
    "Thing": thing,
    "Observation": observation,
    "Position": position,
    "ServiceRequest": request,
    "Event": event,
    "Feature": feature,
}
