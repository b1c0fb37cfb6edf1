"""One attribute in any of its forms: NGSI-LD normalized, concise and keyValues, NGSIv2 normalized and keyValues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from sources._values import instant, number, point, text

NULL = "urn:ngsi-ld:null"
"""How NGSI-LD says that something was deleted."""

GEOMETRIES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
TYPES = {
    "Property": "value",
    "GeoProperty": "value",
    "Relationship": "object",
    "LanguageProperty": "languageMap",
    "VocabProperty": "vocab",
    "JsonProperty": "json",
    "ListProperty": "valueList",
    "ListRelationship": "objectList",
}
CONCISE = ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList")
TIMES = ("observedAt", "timestamp", "TimeInstant", "dateObserved")
"""Of an instance, or of its NGSIv2 metadata: when it was measured."""


@dataclass(frozen=True, slots=True)
class Value:
    """``value`` is plain JSON. ``measured`` is its own time, ``changed`` when the broker last wrote it; raw, unread."""

    value: Any
    measured: Any = None
    changed: Any = None
    unit: str | None = None
    dataset: str | None = None
    deleted: bool = False

    def time(self, zone: tzinfo) -> datetime | None:
        """Raises ValueError for a time that is none."""
        found = self.measured if self.measured is not None else self.changed
        return None if found is None else instant(found, zone)


def instances(attribute: Any) -> Iterator[Value]:
    """The attribute's values: several when it has several ``datasetId``. Never raises."""
    if isinstance(attribute, list) and attribute and all(_is_instance(one) for one in attribute):
        for one in attribute:
            yield from instances(one)
    elif isinstance(attribute, Mapping) and _is_instance(attribute):
        yield _instance(attribute)
    else:
        yield Value(attribute, deleted=attribute == NULL)


def _is_instance(one: Any) -> bool:
    """A mapping that is an attribute and not a bare value: told by its type, or by what only attributes have."""
    if not isinstance(one, Mapping):
        return False
    if _kind(one) in GEOMETRIES and ("coordinates" in one or "geometries" in one):
        return False
    return any(key in one for key in CONCISE) or _kind(one) in TYPES or "deletedAt" in one


def _kind(one: Mapping[str, Any]) -> str:
    """Its type; nothing for a type that is no word."""
    found = one.get("type")
    return found if isinstance(found, str) else ""


def _instance(one: Mapping[str, Any]) -> Value:
    own = TYPES.get(_kind(one))
    key = own if own in one else next((name for name in CONCISE if name in one), None)
    value = one.get(key) if key else None
    if key == "languageMap" and isinstance(value, Mapping):
        value = value.get("vi") or value.get("@none") or next(iter(value.values()), None)
    meta = one.get("metadata")
    meta = meta if isinstance(meta, Mapping) else {}
    return Value(
        value=value,
        measured=next((found for name in TIMES if (found := _plain(one.get(name) or meta.get(name)))), None),
        changed=one.get("modifiedAt") or _plain(meta.get("dateModified")) or one.get("createdAt"),
        unit=text(one.get("unitCode")) or text(_plain(meta.get("unitCode"))) or text(_plain(meta.get("unit"))),
        dataset=text(one.get("datasetId")),
        deleted="deletedAt" in one or value == NULL,
    )


def _plain(value: Any) -> Any:
    """A metadata's or sub-property's value: NGSIv2 and NGSI-LD put it into {type, value}."""
    return value.get("value") or value.get("@value") if isinstance(value, Mapping) else value


def chosen(values: list[Value], zone: tzinfo) -> tuple[Value, list[Value]]:
    """The instance that counts, and the others: the one without ``datasetId``, else the newest."""
    default = next((value for value in values if value.dataset is None), None)
    if default is None:
        default = max(values, key=lambda value: _sortable(value, zone))
    return default, [value for value in values if value is not default]


def _sortable(value: Value, zone: tzinfo) -> float:
    try:
        found = value.time(zone)
    except ValueError:
        found = None
    return found.timestamp() if found else 0.0


def geometry(value: Any) -> BaseGeometry:
    """GeoJSON (lon, lat), or NGSIv2's geo:point text ("lat,lon"); EPSG:4326 in two dimensions. Raises ValueError."""
    if isinstance(value, str):
        lat, comma, lon = value.partition(",")
        if not comma:
            raise ValueError(f"not a place: {value[:40]!r}")
        return point(lon, lat)
    if isinstance(value, Mapping) and value.get("type") == "Feature":
        value = value.get("geometry")
    if not isinstance(value, Mapping) or _kind(value) not in GEOMETRIES:
        raise ValueError("not a GeoJSON geometry")
    try:
        found = shapely.force_2d(shape(dict(value)))
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        # shapely raises whatever the broken coordinates make Python raise
        raise ValueError(f"not a GeoJSON geometry: {error}") from error
    if found.is_empty:
        raise ValueError("an empty geometry")
    for edge in found.bounds:
        number(edge)
    west, south, east, north = found.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError(f"not on the globe: {found.bounds}")
    return found
