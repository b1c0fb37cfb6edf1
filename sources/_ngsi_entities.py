"""Entities of NGSI-LD and NGSIv2 as Things with Observations, or as Features where the options say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from geodata.records import JSON, Feature, Observation, Quality, Record, Rejected, Thing
from sources._ngsi_units import CEFACT
from sources._ngsi_values import Value, chosen, geometry, instances
from sources._values import dumped, instant, number, text
from sources._vocabulary import category, observed_property
from sources.units import ucum

Entity = Mapping[str, Any]

SYSTEM = {"id", "type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt"}
NAMES = ("name", "alternateName", "title")
PLACES = ("location", "position", "geometry", "observationSpace", "operationSpace")
CHANGED = ("modifiedAt", "dateModified", "createdAt", "dateCreated")
MEASURED = ("dateObserved", "dateLastReported", "dateLastEmptying", "TimeInstant")
"""Attributes of Smart Data Models and IoT agents that time those without a time of their own; TimeInstant last."""

MAX_ENTITIES = 10_000


class EntityOptions(Protocol):
    """What reading an entity needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def types(self) -> Mapping[str, str]: ...
    @property
    def features(self) -> Mapping[str, str]: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    @property
    def units(self) -> Mapping[str, str]: ...
    @property
    def words(self) -> Mapping[str, str]: ...
    @property
    def ignore(self) -> tuple[str, ...]: ...
    @property
    def timezone(self) -> str: ...


def entities(body: Any) -> tuple[list[Any], Any]:
    """The entities of a notification, a query's reply or one entity, and when it was notified. Raises ValueError."""
    if _is_notification(body):
        return entities(body["data"])[0], body.get("notifiedAt")
    if isinstance(body, Mapping) and body.get("type") == "FeatureCollection":
        found = body.get("features")
        return [_unwrapped(entry) for entry in found] if isinstance(found, list) else [], None
    if isinstance(body, Mapping) and body.get("type") == "Feature":
        return [_unwrapped(body)], None
    if isinstance(body, list):
        return [_unwrapped(entry) for entry in body], None
    if isinstance(body, Mapping) and "id" in body:
        return [body], None
    raise ValueError("neither a notification nor entities")


def _is_notification(body: Any) -> bool:
    return (
        isinstance(body, Mapping)
        and isinstance(body.get("data"), Mapping | list)
        and (body.get("type") == "Notification" or "subscriptionId" in body)
    )


def _unwrapped(entry: Any) -> Any:
    """A GeoJSON Feature of a broker is an entity whose attributes are its properties."""
    if not isinstance(entry, Mapping) or entry.get("type") != "Feature":
        return entry
    own = entry.get("properties")
    own = dict(own) if isinstance(own, Mapping) else {}
    if not any(name in own for name in PLACES) and entry.get("geometry") is not None:
        own["location"] = entry["geometry"]
    return {**own, "id": entry.get("id"), "type": own.get("type")}


@dataclass(frozen=True, slots=True)
class _Reading:
    """One entity on its way to records."""

    entity: Entity
    options: EntityOptions
    arrival: datetime
    fallback: datetime

    @property
    def id(self) -> str:
        found = text(self.entity.get("id"))
        if found is None:
            raise ValueError("an entity without id")
        return found if found.startswith("urn:") else f"{self.options.issuer}:{found}"

    @property
    def types(self) -> tuple[str, ...]:
        """Short names: of a type that is a URI the last part."""
        told = self.entity.get("type", self.entity.get("@type"))
        names = [word for one in (told if isinstance(told, list) else [told]) if (word := text(one))]
        return tuple(name.rstrip("/").replace("#", "/").rpartition("/")[2] if "://" in name else name for name in names)

    def attributes(self) -> Iterator[tuple[str, Any]]:
        for name, value in self.entity.items():
            if name not in SYSTEM and name not in self.options.ignore and not name.startswith("@"):
                short = name.rstrip("/").replace("#", "/").rpartition("/")[2] if "://" in name else name
                yield short, value

    def own_time(self, names: tuple[str, ...]) -> datetime | None:
        """Of the entity, from the first of these that is a time."""
        for name in names:
            if name in self.entity:
                value = next(instances(self.entity[name])).value
                value = value.get("@value") if isinstance(value, Mapping) else value
                try:
                    return instant(value, ZoneInfo(self.options.timezone))
                except ValueError:
                    continue
        return None

    def rejected(self, reason: str, error: object, part: Mapping[str, Any] | None = None) -> Rejected:
        """The whole entity, or id, type and one attribute of it: what can be read again."""
        whole = {"id": self.entity.get("id"), "type": self.entity.get("type"), **part} if part else self.entity
        return rejected(whole, error, self.arrival, reason)


def rejected(entity: Any, error: object, arrival: datetime, reason: str = "malformed") -> Rejected:
    """An entity that became no record, kept as JSON."""
    try:
        payload = dumped(entity).encode()
    except (ValueError, TypeError):
        payload = repr(entity)[:65536].encode("utf-8", "backslashreplace")
    return Rejected(reason=reason, detail=str(error)[:200], payload=payload[:65536], received_at=arrival)


def read(entity: Any, options: EntityOptions, arrival: datetime, notified: Any = None) -> Iterator[Record | Rejected]:
    """The records of one entity. Never raises."""
    try:
        if not isinstance(entity, Mapping):
            raise ValueError("not an entity")  # noqa: TRY004, TRY301 (what is wrong is the payload)
        dumped(entity)
        reading = _Reading(entity, options, arrival, _moment(notified, arrival, options))
        rows = list(_gone(reading) if _is_deleted(entity) else _present(reading))
    except (ValueError, RecursionError) as error:
        yield rejected(entity, error, arrival)
        return
    yield from rows


def _moment(notified: Any, arrival: datetime, options: EntityOptions) -> datetime:
    try:
        return instant(notified, ZoneInfo(options.timezone)) if notified is not None else arrival
    except ValueError:
        return arrival


def _is_deleted(entity: Entity) -> bool:
    return entity.get("deletedAt") is not None


def _gone(reading: _Reading) -> Iterator[Record]:
    """The broker deleted the entity: the Thing stays, and says so."""
    when = reading.own_time(("deletedAt",)) or reading.fallback
    yield Thing(id=reading.id, time=when, properties={"deleted": True}, received_at=reading.arrival)


def _present(reading: _Reading) -> Iterator[Record | Rejected]:
    options, named = reading.options, dict(reading.attributes())
    own: dict[str, JSON] = {"entity_type": reading.types[0]} if reading.types else {}
    rows: list[Record | Rejected] = []
    for name, attribute in named.items():
        if name in PLACES or name in NAMES or (name in CHANGED or name in MEASURED):
            continue
        known = options.attributes.get(name) or observed_property(options.service, name)
        rows += _observed(reading, name, attribute, known) if known else _kept(reading, name, attribute, own)
    place, when, wrong = _place(reading, named)
    own["deleted"] = False
    thing = Thing(
        id=reading.id,
        name=next((word for key in NAMES if key in named and (word := _word(named[key]))), None),
        category=_category(reading, named),
        geometry=place,
        time=when,
        properties=own,
        received_at=reading.arrival,
    )
    yield _feature(thing, reading, place) or thing
    if wrong is not None:
        yield wrong
    yield from rows


def _category(reading: _Reading, named: Mapping[str, Any]) -> str | None:
    types = reading.options.types
    mapped = next((types[name] for name in reading.types if types.get(name)), None)
    words = [word for key in ("category", "kind") if key in named and (word := _word(named[key]))]
    return mapped or category(reading.options.service, *words, *reading.types) or next(iter(reading.types), None)


def _word(attribute: Any) -> str | None:
    value = chosen(list(instances(attribute)), ZoneInfo("UTC"))[0].value
    return text(value[0] if isinstance(value, list) and value else value)


def _place(reading: _Reading, named: Mapping[str, Any]) -> tuple[Any, datetime | None, Rejected | None]:
    """Place, when the Thing was last changed as far as it is told, and what is wrong with the place."""
    changed = reading.own_time(CHANGED)
    for name in PLACES:
        if name not in named:
            continue
        zone = ZoneInfo(reading.options.timezone)
        value = chosen(list(instances(named[name])), zone)[0]
        if value.deleted or value.value is None:
            continue
        try:
            return geometry(value.value), value.time(zone) or changed, None
        except ValueError as error:
            return None, changed, reading.rejected("bad_position", error, {name: named[name]})
    return None, changed, None


def _feature(thing: Thing, reading: _Reading, place: Any) -> Feature | None:
    collection = next((found for name in reading.types if (found := reading.options.features.get(name))), None)
    if collection is None:
        return None
    if place is None:
        raise ValueError("a feature without a place")
    return Feature(
        collection=collection,
        id=thing.id,
        geometry=place,
        name=thing.name,
        category=thing.category,
        properties={name: value for name, value in thing.properties.items() if name != "deleted"},
        received_at=thing.received_at,
    )


def _kept(reading: _Reading, name: str, attribute: Any, own: dict[str, JSON]) -> list[Record | Rejected]:
    """An attribute that the catalogue does not know: a property of the Thing, unless it is a measurement."""
    value, _ = chosen(list(instances(attribute)), ZoneInfo("UTC"))
    if value.measured is not None:
        return [Rejected(reason="unmapped_attribute", detail=name[:100], received_at=reading.arrival)]
    if not value.deleted:
        own[name] = value.value
    return []


def _observed(reading: _Reading, name: str, attribute: Any, known: str) -> list[Record | Rejected]:
    """The Observation of an attribute; further instances with a ``datasetId`` are counted."""
    zone = ZoneInfo(reading.options.timezone)
    value, others = chosen(list(instances(attribute)), zone)
    rows: list[Record | Rejected] = [
        Rejected(reason="other_dataset", detail=name[:100], received_at=reading.arrival) for _ in others
    ]
    if value.deleted:
        return [*rows, Rejected(reason="deleted_attribute", detail=name[:100], received_at=reading.arrival)]
    try:
        unit = _unit(value, name, known, reading.options)
        found = Observation(
            thing_id=reading.id,
            observed_property=known,
            phenomenon_time=value.time(zone) or reading.own_time(MEASURED + CHANGED) or reading.fallback,
            result=_result(value.value, unit, reading.options),
            unit=unit,
            quality=Quality.MEASURING,
            received_at=reading.arrival,
        )
    except ValueError as error:
        return [*rows, reading.rejected("malformed", f"{name}: {error}", {name: attribute})]
    return [*rows, found]


def _unit(value: Value, name: str, known: str, options: EntityOptions) -> str | None:
    """Told by the options for this attribute, else unitCode; an unknown code stays, for the store to refuse it."""
    told = options.units.get(name) or options.units.get(known)
    if told or value.unit is None:
        return told
    return options.units.get(value.unit) or CEFACT.get(value.unit) or ucum(value.unit) or value.unit


def _result(value: Any, unit: str | None, options: EntityOptions) -> float | str | None:
    """A number, a word in the catalogue's spelling where the options map it, None for null. Raises ValueError."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        return None
    if isinstance(value, bool):
        word = str(value).lower()
        return options.words.get(word, word)
    if isinstance(value, str):
        if unit is not None:
            return number(value)
        word = text(value) or ""
        return options.words.get(word) or options.words.get(word.casefold()) or word or None
    return number(value)
