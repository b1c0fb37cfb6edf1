"""Locations and measurements of OpenAQ v3 as records. Source: docs.openaq.org, API v3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from geodata.records import JSON, Observation, Quality, Record, Rejected, Thing
from sources._values import dumped, instant, number, point, text
from sources._vocabulary import category, observed_property
from sources.units import ucum

KEPT_B = 65536
GRAMS_PER_MOLE: Mapping[str, float] = {"co": 28.01, "no2": 46.006, "so2": 64.066, "o3": 47.998, "no": 30.006}
LITRES_PER_MOLE = 24.465
"""Of a gas at 25 °C and 1013.25 hPa, the state to which QCVN 05:2023 refers."""

PARTS: Mapping[str, float] = {"ppm": 1e3, "ppb": 1.0}
"""Parts by volume in ppb."""


class EntityOptions(Protocol):
    """What reading entities needs of the options of OpenAQ."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def observed_properties(self) -> Mapping[str, str]: ...
    @property
    def units(self) -> Mapping[str, str]: ...


def entity_id(value: Any) -> int:
    """Raises ValueError for what is no id of OpenAQ's."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an entity without a numeric id")  # noqa: TRY004 (what is wrong is the payload)
    return value


def is_location(item: Any) -> bool:
    return isinstance(item, Mapping) and "coordinates" in item and ("sensors" in item or "provider" in item)


def location(item: Mapping[str, Any], options: EntityOptions, received_at: datetime | None) -> Thing:
    """A Thing with place, owner, licences and attribution. Raises ValueError."""
    dumped(dict(item))
    place = item.get("coordinates")
    place = place if isinstance(place, Mapping) else {}
    known = place.get("latitude") is not None and place.get("longitude") is not None
    kind = "station" if item.get("isMonitor") is True else "sensor"
    return Thing(
        id=f"{options.issuer}:{entity_id(item.get('id'))}",
        name=text(item.get("name")) or text(item.get("locality")),
        category=category(options.service, kind),
        geometry=point(place["longitude"], place["latitude"]) if known else None,
        properties=_properties(item),
        received_at=received_at,
    )


def _properties(item: Mapping[str, Any]) -> dict[str, JSON]:
    licences = [entry for entry in _items(item.get("licenses")) if isinstance(entry, Mapping)]
    names = {
        "owner": _name(item.get("owner")),
        "provider": _name(item.get("provider")),
        "country": _name(item.get("country")),
        "locality": text(item.get("locality")),
        "timezone": text(item.get("timezone")),
        "license": ", ".join(name for entry in licences if (name := _name(entry))) or None,
        "attribution": ", ".join(name for entry in licences if (name := _name(entry.get("attribution")))) or None,
    }
    found: dict[str, JSON] = {key: value for key, value in names.items() if value}
    if licences:
        found["licenses"] = [dict(entry) for entry in licences]
    sensors = [entry for entry in _items(item.get("sensors")) if isinstance(entry, Mapping)]
    if told := {str(entry.get("id")): name for entry in sensors if (name := text(entry.get("name")))}:
        found["sensors"] = told
    return found


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(value: Any) -> str | None:
    return text(value.get("name")) if isinstance(value, Mapping) else None


def sensors(item: Mapping[str, Any]) -> Iterator[int]:
    """Ids of the sensors of a location; one without an id is nobody's."""
    for entry in _items(item.get("sensors")):
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), int):
            yield int(entry["id"])


def period(item: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Start and end of what was measured, UTC. Raises ValueError."""
    span = item.get("period")
    if not isinstance(span, Mapping):
        raise ValueError("a measurement without its period")  # noqa: TRY004 (what is wrong is the payload)
    start, end = (_utc(span.get(key)) for key in ("datetimeFrom", "datetimeTo"))
    if end < start:
        raise ValueError("a period that ends before it begins")
    return start, end


def _utc(value: Any) -> datetime:
    return instant(value.get("utc") if isinstance(value, Mapping) else value)


def measurement(item: Any, location_id: Any, options: EntityOptions, received_at: datetime | None) -> Observation:
    """A mean over its period. What the provider has flagged counts as a device in fault. Raises ValueError."""
    if not isinstance(item, Mapping):
        raise ValueError("not a measurement")  # noqa: TRY004 (what is wrong is the payload)
    dumped(dict(item))
    start, end = period(item)
    measured = item.get("parameter")
    measured = measured if isinstance(measured, Mapping) else {}
    name = text(measured.get("name"))
    if name is None:
        raise ValueError("a measurement without its parameter")
    value, unit = _in_grams(number(item.get("value")), name, text(measured.get("units")), options)
    flags = item.get("flagInfo")
    flagged = isinstance(flags, Mapping) and flags.get("hasFlags") is True
    words = [word for word in (name, text(measured.get("displayName"))) if word]
    known = options.observed_properties.get(name) or observed_property(options.service, *words)
    return Observation(
        thing_id=f"{options.issuer}:{entity_id(location_id)}",
        observed_property=known or name,
        phenomenon_time=start,
        phenomenon_end=end if end > start else None,
        result=value,
        unit=unit,
        quality=Quality.FAULT if flagged else Quality.MEASURING,
        received_at=received_at,
    )


def _in_grams(value: float, name: str, unit: str | None, options: EntityOptions) -> tuple[float, str | None]:
    """A gas in parts by volume as µg/m³, for a mass needs the gas; every other value as it is, its unit in UCUM."""
    weight, parts = GRAMS_PER_MOLE.get(name), PARTS.get(unit or "")
    if weight is not None and parts is not None and unit not in options.units:
        return number(round(value * parts * weight / LITRES_PER_MOLE, 3)), "ug/m3"
    return value, ucum(unit, more=options.units) or unit


def measurements(
    items: Any, location_id: Any, sensor_id: Any, options: EntityOptions, received_at: datetime | None
) -> Iterator[Record | Rejected]:
    """The measurements of one sensor; a wrong one is kept as a reply of its own."""
    for item in _items(items):
        try:
            yield measurement(item, location_id, options, received_at)
        except (ValueError, RecursionError) as error:
            yield rejected(item, error, received_at, location_id, sensor_id)


def rejected(
    item: Any, error: Exception, received_at: datetime | None, location_id: Any = None, sensor_id: Any = None
) -> Rejected:
    """One piece in the form of a whole reply."""
    whole: dict[str, Any] = {"results": [item]}
    if location_id is not None:
        whole = {"locationsId": location_id, "sensorsId": sensor_id, **whole}
    try:
        payload = dumped(whole).encode()
    except (ValueError, TypeError):
        payload = repr(item)[:KEPT_B].encode("utf-8", "backslashreplace")
    return Rejected(reason="malformed", detail=str(error)[:200], payload=payload[:KEPT_B], received_at=received_at)
