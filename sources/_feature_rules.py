"""What becomes of the features of a server: Feature or Event, by rules for each collection and usual property names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry.base import BaseGeometry

from geodata.records import JSON, Event, Feature, Rejected
from sources._feature_place import CRS84, Axes, System, geometry, placed
from sources._values import dumped, instant, number, text
from sources._vocabulary import category

KEPT_B = 65536
EVENTS = ("*violation*", "*vi_pham*", "*vi-pham*", "*vipham*", "*incident*", "*su_co*")
"""Collections whose features are something that happened, unless a rule says otherwise."""

USUAL: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "ten", "title", "ten_goi", "name_vi", "ten_du_an", "ten_duong"),
    "category": ("category", "loai", "type", "kind", "class", "loai_hinh", "loai_vi_pham"),
    "valid_from": ("valid_from", "tu_ngay", "hieu_luc_tu", "ngay_hieu_luc", "start_date"),
    "valid_to": ("valid_to", "den_ngay", "hieu_luc_den", "end_date"),
    "time": ("time", "datetime", "thoi_gian", "ngay_phat_hien", "ngay_lap", "ngay", "date"),
    "end": ("end_time", "ngay_xu_ly", "ngay_ket_thuc"),
    "status": ("status", "trang_thai", "tinh_trang"),
    "severity": ("severity", "muc_do"),
    "description": ("description", "mo_ta", "noi_dung"),
    "id": ("id", "ma", "objectid", "gml_id", "fid"),
}
"""Names of properties that are looked at when no rule names one; case does not count."""

Row = Feature | Event | Rejected


class Rule(BaseModel):
    """How one collection is read. ``name`` is what we call it; the ``*_property`` fields name the source's own.

    ``category`` holds for all of it; else the category is that of ``category_property``, else that of the
    collection's own name, in the service's words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    kind: Literal["feature", "event"] | None = None
    category: str | None = None
    id_property: str | None = None
    name_property: str | None = None
    category_property: str | None = None
    valid_from_property: str | None = None
    valid_to_property: str | None = None
    time_property: str | None = None
    end_property: str | None = None
    status_property: str | None = None
    severity_property: str | None = None
    description_property: str | None = None
    severity: int | None = Field(default=None, ge=1, le=5)
    approximate: bool = False


class RuleOptions(Protocol):
    """What reading features needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def axes(self) -> Axes: ...
    @property
    def collections(self) -> Mapping[str, Rule]: ...
    @property
    def events(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """One feature of the wire: GeoJSON's members, or what GML became. ``place`` may be None."""

    id: str | None
    properties: Mapping[str, Any]
    place: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the features of one collection, sent in one system."""

    collection: str
    options: RuleOptions
    system: System = CRS84
    arrival: datetime | None = None

    @property
    def rule(self) -> Rule:
        return self.options.collections.get(self.collection, Rule())

    @property
    def is_event(self) -> bool:
        if self.rule.kind is not None:
            return self.rule.kind == "event"
        name = self.collection.casefold()
        return any(fnmatch(name, pattern.casefold()) for pattern in self.options.events)

    def geojson(self, items: Any) -> Iterator[Row]:
        """The features of a FeatureCollection; each wrong one is kept as a collection of its own."""
        for item in items if isinstance(items, list) else []:
            try:
                yield self.record(_of_geojson(item))
            except (ValueError, RecursionError) as error:
                yield self.rejected(item, error)

    def record(self, found: Found) -> Feature | Event:
        """Raises ValueError, whose first word may be a reason: ``no_id``, ``bad_time``, ``bad_position``."""
        dumped(dict(found.properties))
        number_ = found.id or self._text(found, "id")
        if number_ is None:
            raise Wrong("no_id", "a feature without an id")
        dumped(number_)
        return self._event(found, number_) if self.is_event else self._feature(found, number_)

    def _feature(self, found: Found, number_: str) -> Feature:
        if found.place is None:
            raise Wrong("bad_position", "a feature without a geometry")
        start, end = self._time(found, "valid_from"), self._time(found, "valid_to")
        return Feature(
            collection=self.rule.name or self.collection,
            id=f"{self.options.issuer}:{number_}",
            geometry=self._place(found.place),
            name=self._text(found, "name"),
            category=self._category(found),
            valid_from=start,
            valid_to=end,
            approximate=self.rule.approximate,
            properties=dict(found.properties),
            received_at=self.arrival,
        )

    def _event(self, found: Found, number_: str) -> Event:
        time = self._time(found, "time")
        if time is None:
            raise Wrong("bad_time", "an event without its time")
        name = self.rule.name or self.collection
        own = number_ if number_.startswith(f"{self.collection}.") else f"{name}.{number_}"
        kept: dict[str, JSON] = {**found.properties, "collection": name}
        return Event(
            id=f"{self.options.issuer}:{own}",
            time=time,
            end_time=self._time(found, "end"),
            category=self._category(found),
            title=self._text(found, "name"),
            description=self._text(found, "description"),
            geometry=None if found.place is None else self._place(found.place),
            severity=self._severity(found),
            status=self._text(found, "status"),
            properties=kept,
            received_at=self.arrival,
        )

    def _place(self, place: BaseGeometry) -> BaseGeometry:
        try:
            return placed(place, self.system, self.options.axes)
        except ValueError as error:
            raise Wrong("bad_position", str(error)) from error

    def _value(self, found: Found, what: str) -> Any:
        named = getattr(self.rule, f"{what}_property", None)
        if named:
            return found.properties.get(named)
        folded = {str(key).casefold(): value for key, value in found.properties.items()}
        return next((value for key in USUAL[what] if (value := folded.get(key)) not in (None, "")), None)

    def _text(self, found: Found, what: str) -> str | None:
        return text(self._value(found, what))

    def _time(self, found: Found, what: str) -> datetime | None:
        value = text(self._value(found, what))
        if value is None:
            return None
        try:
            return instant(value, ZoneInfo(self.options.timezone))
        except ValueError as error:
            raise Wrong("bad_time", f"{what}: {error}") from error

    def _severity(self, found: Found) -> int | None:
        try:
            level = round(number(self._value(found, "severity")))
        except ValueError:
            return self.rule.severity
        return level if 1 <= level <= 5 else self.rule.severity

    def _category(self, found: Found) -> str | None:
        if self.rule.category:
            return category(self.options.service, self.rule.category) or self.rule.category
        own = self._text(found, "category")
        words = [word for word in (own, self.rule.name, self.collection) if word]
        return category(self.options.service, *words) or own

    def rejected(self, item: Any, error: Exception) -> Rejected:
        """One feature in the form of a whole reply."""
        reason = error.reason if isinstance(error, Wrong) else "malformed"
        whole = {
            "type": "FeatureCollection",
            "collection": self.collection,
            "crs": self.system_name,
            "features": [item],
        }
        try:
            payload = dumped(whole).encode()
        except (ValueError, TypeError):
            payload = repr(item)[:KEPT_B].encode("utf-8", "backslashreplace")
        return Rejected(reason=reason, detail=str(error)[:200], payload=payload[:KEPT_B], received_at=self.arrival)

    @property
    def system_name(self) -> str:
        strict = "urn:ogc:def:crs:EPSG::" if self.system.strict else "EPSG:"
        return f"{strict}{self.system.srid}"


class Wrong(ValueError):
    """A feature that becomes no record; ``reason`` is a word of the ledger."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _of_geojson(item: Any) -> Found:
    if not isinstance(item, Mapping) or item.get("type") != "Feature":
        raise ValueError("not a feature")
    properties = item.get("properties")
    if properties is not None and not isinstance(properties, Mapping):
        raise ValueError("properties that are no object")
    body = item.get("geometry")
    try:
        place = None if body is None else geometry(body)
    except ValueError as error:
        raise Wrong("bad_position", str(error)) from error
    return Found(text(item.get("id")), dict(properties or {}), place)
