"""SensorThings entities to records. Source: OGC 18-088 (SensorThings 1.1), with what 1.0 servers and FROST write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geodata.records import JSON, Observation, Quality, Rejected, Thing
from sources._values import dumped, instant, number, text
from sources._vocabulary import category, observed_property
from sources.units import ucum

Entity = Mapping[str, Any]

GEOJSON = frozenset({"application/geo+json", "application/vnd.geo+json"})
"""Of SensorThings 1.1 and of 1.0; a location in another encoding is text of its own."""

QUALITY: Mapping[str, Quality] = {
    **{quality.value: quality for quality in Quality},
    "00": Quality.MEASURING,  # Circular 10/2021/TT-BTNMT; 03 is one maker's own
    "01": Quality.CALIBRATING,
    "02": Quality.FAULT,
    "03": Quality.MAINTENANCE,
}
GRAVEST_FIRST = (Quality.FAULT, Quality.MAINTENANCE, Quality.CALIBRATING, Quality.MEASURING)
KIND_KEYS = ("category", "type", "kind")


class EntityOptions(Protocol):
    """What reading entities needs of the options of SensorThings."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def observed_properties(self) -> Mapping[str, str]: ...
    @property
    def units(self) -> Mapping[str, str]: ...
    @property
    def quality(self) -> Mapping[str, Quality]: ...


@dataclass(frozen=True, slots=True)
class Stream:
    """What an observation needs to know of its Datastream. ``unit`` is UCUM, or the source's own when unknown."""

    id: int | str
    thing_id: str
    observed_property: str
    unit: str | None


def key(entity: Entity) -> int | str:
    """The entity's id. Raises ValueError."""
    found = entity.get("@iot.id")
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        raise ValueError("an entity without @iot.id")
    return found


def quoted(number_or_text: int | str) -> str:
    """An id as it stands in a URL: a text in single quotes.

    >>> quoted(7), quoted("it's")
    ('(7)', "('it''s')")
    """
    if isinstance(number_or_text, int):
        return f"({number_or_text})"
    escaped = number_or_text.replace("'", "''")
    return f"('{escaped}')"


def stream(entity: Entity, thing: Entity | None, options: EntityOptions) -> Stream:
    """A Datastream with its ObservedProperty expanded. Raises ValueError when its Thing is not told."""
    home = thing if thing is not None else entity.get("Thing")
    if not isinstance(home, Mapping):
        raise ValueError("a Datastream without its Thing")  # noqa: TRY004 (what is wrong is the payload)
    measured = entity.get("ObservedProperty")
    measured = measured if isinstance(measured, Mapping) else {}
    own = entity.get("properties")
    hint = text(own.get("observed_property")) if isinstance(own, Mapping) else None
    names = [str(key(entity)), text(entity.get("name")), text(measured.get("definition")), text(measured.get("name"))]
    mapped = next((options.observed_properties[n] for n in names if n and n in options.observed_properties), None)
    words = [word for word in (hint, names[2], names[3], text(measured.get("description")), names[1]) if word]
    found = mapped or observed_property(options.service, *words) or names[3] or names[1]
    if not found:
        raise ValueError("a Datastream without an observed property")
    return Stream(key(entity), f"{options.issuer}:{key(home)}", found, unit(entity.get("unitOfMeasurement"), options))


def unit(measure: Any, options: EntityOptions) -> str | None:
    """UCUM of unitOfMeasurement {symbol, definition, name}; an unknown symbol stays, for the store to refuse it."""
    if not isinstance(measure, Mapping):
        return None
    symbol, definition, name = (text(measure.get(field)) for field in ("symbol", "definition", "name"))
    return ucum(symbol, definition, name, more=options.units) or symbol or name


def thing(entity: Entity, options: EntityOptions, received_at: datetime | None) -> tuple[Thing, str | None]:
    """A Thing with the place of its first GeoJSON Location, and what is wrong with that place. Raises ValueError."""
    dumped(entity)
    own = entity.get("properties")
    own = dict(own) if isinstance(own, Mapping) else {}
    words = [word for name in KIND_KEYS if (word := text(own.get(name)))]
    properties: dict[str, JSON] = dict(own)
    if description := text(entity.get("description")):
        properties["description"] = description
    if sensors := dict(_sensors(entity, options)):
        properties["sensors"] = sensors
    geometry, wrong = place(entity.get("Locations"))
    return (
        Thing(
            id=f"{options.issuer}:{key(entity)}",
            name=text(entity.get("name")),
            category=category(options.service, *words) or (words[0] if words else None),
            geometry=geometry,
            agency=text(own.get("agency")),
            properties=properties,
            received_at=received_at,
        ),
        wrong,
    )


def _sensors(entity: Entity, options: EntityOptions) -> Iterator[tuple[str, str]]:
    """Observed property to the name of the sensor that measures it."""
    streams = entity.get("Datastreams")
    for entry in streams if isinstance(streams, list) else []:
        sensor = entry.get("Sensor") if isinstance(entry, Mapping) else None
        if isinstance(sensor, Mapping) and (name := text(sensor.get("name"))):
            yield stream(entry, entity, options).observed_property, name


def place(locations: Any) -> tuple[BaseGeometry | None, str | None]:
    """The geometry of the first Location that is GeoJSON, in two dimensions; and why there is none, if it is wrong."""
    for location in locations if isinstance(locations, list) else []:
        if not isinstance(location, Mapping) or text(location.get("encodingType")) not in GEOJSON:
            continue
        try:
            return _geometry(location.get("location")), None
        except ValueError as error:
            return None, str(error)[:200]
    return None, None


def _geometry(body: Any) -> BaseGeometry:
    if isinstance(body, Mapping) and body.get("type") == "Feature":
        body = body.get("geometry")
    try:
        found = shapely.force_2d(shape(body))
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        # shapely raises whatever the broken coordinates make Python raise
        raise ValueError(f"not a GeoJSON geometry: {error}") from error
    if found.is_empty:
        raise ValueError("an empty geometry")
    west, south, east, north = found.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(f"not on the globe: {found.bounds}")
    return found


def observation(entity: Entity, source: Stream, options: EntityOptions, received_at: datetime | None) -> Observation:
    """One Observation. Raises ValueError for a time or result that is none."""
    start, slash, end = str(entity.get("phenomenonTime")).partition("/")
    return Observation(
        thing_id=source.thing_id,
        observed_property=source.observed_property,
        phenomenon_time=instant(start),
        phenomenon_end=instant(end) if slash and end != start else None,
        result=result(entity.get("result"), source.unit),
        unit=source.unit,
        quality=quality(entity.get("resultQuality"), options.quality),
        received_at=received_at,
    )


def result(value: Any, unit_: str | None) -> float | str | None:
    """A number, also one written as text where there is a unit; a word; None for null. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        dumped(value)
        if unit_ is not None and unit_ != "1":
            return number(value)
        return text(value)
    return number(value)


def quality(value: Any, mapped: Mapping[str, Quality]) -> Quality:
    """The device's state. The standard leaves resultQuality open, so unknown words mean an ordinary measurement."""
    known = {**QUALITY, **{word.casefold(): state for word, state in mapped.items()}}
    words = list(_words(value, 0))
    found = {known[word.casefold()] for word in words if word.casefold() in known}
    return next((state for state in GRAVEST_FIRST if state in found), Quality.MEASURING)


def _words(value: Any, depth: int) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value[:20]:
            yield from _words(entry, depth + 1)
    elif word := text(value):
        yield word


def rejected(entity: Any, error: Exception | str, received_at: datetime | None, reason: str = "malformed") -> Rejected:
    """An entity that became no record, kept as JSON."""
    try:
        payload = dumped(entity).encode()
    except (ValueError, TypeError):
        payload = repr(entity)[:65536].encode("utf-8", "backslashreplace")
    return Rejected(reason=reason, detail=str(error)[:200], payload=payload[:65536], received_at=received_at)


def things(entity: Mapping[str, Any], options: EntityOptions, arrival: datetime | None) -> Iterator[Thing | Rejected]:
    """A Thing, and a Rejected beside it when only its place is wrong. Raises ValueError."""
    found, wrong = thing(entity, options, arrival)
    yield found
    if wrong:
        yield rejected(entity, wrong, arrival, "bad_position")


def observations(
    entities: Any, source: Stream, options: EntityOptions, arrival: datetime | None
) -> Iterator[Observation | Rejected]:
    """The Observations of one Datastream."""
    for entity in entities if isinstance(entities, list) else []:
        try:
            if not isinstance(entity, Mapping):
                raise ValueError("not an Observation")  # noqa: TRY004, TRY301 (what is wrong is the payload)
            yield observation(entity, source, options, arrival)
        except ValueError as error:
            yield rejected(entity, error, arrival)
