"""Where a row is: degrees, metres of a declared plane, WKT, GeoJSON, or the ward that it names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

import shapely
from pyproj.exceptions import ProjError
from shapely.errors import ShapelyError
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from geodata import gazetteer
from geodata.admin_units import Unit, convert, new_units, old_units
from geodata.city import Agency, cities
from geodata.crs import DOMAIN, likely_cause, reproject, transformer
from geodata.folding import composed, fold
from geodata.geography import collection
from sources._table_values import degrees, is_nothing, number, text

Get = Callable[[str], Any]


class UnknownPlace(ValueError):
    """A ward that the city does not have, or a name of several."""


@dataclass(frozen=True, slots=True)
class Where:
    """A geometry in EPSG:4326 and the ward that it stands for, when it is only that ward's point or area."""

    geometry: BaseGeometry
    ward: Unit | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """``srid`` of x, y, WKT and GeoJSON; ``inside``: vietnam or globe; ``city``: whose wards the names are."""

    srid: int
    inside: str
    city: str | None
    decimal: str | None

    def of(self, get: Get, *, area: bool = False) -> Where | None:
        """The first way of saying where that the row has; None when it has none. ``area``: of a ward its cell.

        Raises UnknownPlace, and ValueError with a hint for a place that cannot be.
        """
        for found in (self._degrees, self._metres, self._point, self._wkt, self._geojson):
            if (geometry := found(get)) is not None:
                return Where(geometry)
        code, name = text(get("ward_code")), text(get("ward"))
        if code is None and (name is None or is_nothing(name)):
            return None
        unit = ward(self.city, code, name)
        return Where(_area(unit.code) if area else Point(unit.lon, unit.lat), unit)

    def _pair(self, get: Get, first: str, second: str) -> tuple[Any, Any] | None:
        one, other = get(first), get(second)
        if is_nothing(one) and is_nothing(other):
            return None
        if is_nothing(one) or is_nothing(other):
            raise ValueError(f"{first} without {second}" if is_nothing(other) else f"{second} without {first}")
        return one, other

    def _degrees(self, get: Get) -> Point | None:
        pair = self._pair(get, "lon", "lat")
        return None if pair is None else Point(*checked(degrees(pair[0]), degrees(pair[1]), 4326, self.inside))

    def _metres(self, get: Get) -> Point | None:
        pair = self._pair(get, "x", "y")
        if pair is None:
            return None
        x, y = (number(part, self.decimal or _metric(part)) for part in pair)
        return Point(*checked(x, y, self.srid, self.inside))

    def _point(self, get: Get) -> Point | None:
        value = text(get("point"))
        if value is None or is_nothing(value):
            return None
        parts = [part for part in _PARTED.split(value.strip()) if part]
        parts = value.split(",") if len(parts) != 2 else parts
        if len(parts) != 2:
            raise ValueError(f"not two numbers: {value[:40]!r}")
        one, other = degrees(parts[0]), degrees(parts[1])
        lat, lon = (other, one) if _inside(one, other) else (one, other)
        return Point(*checked(lon, lat, 4326, self.inside))

    def _wkt(self, get: Get) -> BaseGeometry | None:
        value = get("wkt")
        if is_nothing(value):
            return None
        try:
            if isinstance(value, bytes | memoryview):
                found = shapely.from_wkb(bytes(value))
            elif re.fullmatch("[0-9A-Fa-f]{18,}", str(value)):
                found = shapely.from_wkb(str(value))
            else:
                found = shapely.from_wkt(re.sub(r"^\s*SRID\s*=\s*\d+\s*;", "", str(value), flags=re.IGNORECASE))
        except ShapelyError as error:
            raise ValueError(f"no WKT: {str(value)[:40]!r}") from error
        return self._whole(found, int(shapely.get_srid(found)) or self.srid)

    def _geojson(self, get: Get) -> BaseGeometry | None:
        value = get("geojson")
        if is_nothing(value):
            return None
        try:
            body = json.loads(value) if isinstance(value, str | bytes) else value
            if isinstance(body, Mapping) and body.get("type") == "Feature":
                body = body["geometry"]
            found = shape(body)
        except (ShapelyError, RecursionError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"no GeoJSON geometry: {str(value)[:40]!r}") from error
        return self._whole(found, self.srid)

    def _whole(self, found: BaseGeometry, srid: int) -> BaseGeometry | None:
        """The geometry in EPSG:4326 when both ends of its box are where they can be."""
        if found is None or found.is_empty:
            return None
        west, south, east, north = found.bounds
        for x, y in ((west, south), (east, north)):
            checked(x, y, srid, self.inside)
        return found if srid == 4326 else reproject(found, srid, 4326)


_PARTED = re.compile(r"\s*;\s*|,\s+|\s+")


def _metric(value: Any) -> str | None:
    """Metres have thousands: a lone mark before three digits parts them when the number is small without it."""
    return "." if isinstance(value, str) and re.fullmatch(r"\d{4,}\.\d+", value.strip()) else None


def _inside(lon: float, lat: float) -> bool:
    west, south, east, north = DOMAIN
    return west <= lon <= east and south <= lat <= north


def checked(x: float, y: float, srid: int, inside: str) -> tuple[float, float]:
    """Lon and lat in EPSG:4326 of a point that can be. Raises ValueError with the likely cause."""
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("not a place: a coordinate is no number")
    try:
        lon, lat = (x, y) if srid == 4326 else transformer(srid, 4326).transform(x, y)
    except ProjError as error:
        raise ValueError(f"not a place in EPSG:{srid}: {x:g}, {y:g}") from error
    if _inside(lon, lat):
        return lon, lat
    globe = abs(lon) <= 180 and abs(lat) <= 90 and (x, y) != (0, 0)
    if inside == "globe" and globe and not _inside(lat, lon):
        return lon, lat
    cause = likely_cause(x, y, srid).replace("them with --swap", "the two columns").replace("--srid", "srid")
    raise ValueError(f"{x:g}, {y:g} in EPSG:{srid} is not in Viet Nam: {cause}")


@lru_cache(maxsize=8192)
def ward(city: str | None, code: str | None, name: str | None) -> Unit:
    """The ward of today of that code, else of that name in the city's provinces. Raises UnknownPlace.

    A code or name from before 1 July 2025 is the unit that took over, of a divided one its main heir.
    """
    if code is not None:
        padded = code.zfill(5)
        if found := new_units().get(padded):
            return found
        if padded in old_units():
            return convert(padded)[0].unit
        if name is None:
            raise UnknownPlace(f"no ward has the code {code[:20]!r}")
    assert name is not None
    short = name.partition(",")[0].strip()
    named = _wards(city).get(fold(short), ()) or _former(city, short)
    if len(named) > 1:  # marks decide: Thụy Vân is not Thủy Vân
        alike = [unit for unit in named if composed(short) in {composed(unit.name), composed(unit.full_name)}]
        named = tuple(alike) or named
    if len(named) == 1:
        return named[0]
    where = f" in {city}" if city else ""
    if not named:
        raise UnknownPlace(f"no ward is named {short[:60]!r}{where}")
    hint = "write Phường or Xã before it" if city else "say city"
    raise UnknownPlace(f"{len(named)} wards are named {short[:60]!r}{where}; {hint}")


@cache
def _wards(city: str | None) -> Mapping[str, tuple[Unit, ...]]:
    """Wards by folded name, full and short; a full name wins."""
    provinces = cities()[city].province_codes if city else None
    full: dict[str, list[Unit]] = {}
    short: dict[str, list[Unit]] = {}
    for unit in new_units().values():
        if provinces is None or unit.province_code in provinces:
            full.setdefault(fold(unit.full_name), []).append(unit)
            short.setdefault(fold(unit.name), []).append(unit)
    for own, names in (("P.", "Phường "), ("X.", "Xã ")):
        for unit in (unit for units in list(full.values()) for unit in units):
            if unit.full_name.startswith(names):
                full.setdefault(fold(f"{own} {unit.name}"), []).append(unit)
    return MappingProxyType({name: tuple(dict.fromkeys(units)) for name, units in {**short, **full}.items()})


def _former(city: str | None, name: str) -> tuple[Unit, ...]:
    """Heirs, in the city's provinces, of wards that had the name before 1 July 2025."""
    provinces = cities()[city].province_codes if city else None
    hits = [hit for hit in gazetteer.search(name, 20) if hit.kind == "old_ward"]
    exact = [hit for hit in hits if fold(name) in {fold(hit.name), fold(hit.detail.partition(",")[0])}]
    heirs = [convert(hit.ref)[0].unit for hit in exact]
    return tuple(dict.fromkeys(unit for unit in heirs if provinces is None or unit.province_code in provinces))


@cache
def _area(code: str) -> BaseGeometry:
    """The approximate cell of a ward of the cities' provinces, else its point."""
    wards = collection("wards")
    found = wards[wards["id"] == code].geometry
    return found.iloc[0] if len(found) else Point(new_units()[code].lon, new_units()[code].lat)


@cache
def agencies(city: str | None) -> Mapping[str, Agency]:
    """The city's agencies by id and folded title; the one that is valid today wins."""
    known = sorted(cities()[city].agencies, key=lambda agency: agency.valid_to is None) if city else ()
    return MappingProxyType({key: a for a in known for key in (a.id, fold(a.title_vi), fold(a.title_en))})


def agency(city: str | None, word: str) -> Agency | None:
    """The city's agency of that id or title; None when it is not one of its own."""
    known = agencies(city)
    return known.get(word) or known.get(fold(word))
