"""Areas that somebody asks about: drawn, a box, a circle, a ward of today or of before, the area of an object.

An area is told by a short code that fits into a link, and its shape is always made from the code: whoever opens the
link asks about exactly the same ground. The first letter says what the code is:

=====  ==================================================================================================
``g``  drawn polygon: base64url of zigzag varints, differences of lon and lat in 10⁻⁵ degrees (about 1 m)
``x``  box: west,south,east,north in degrees
``c``  circle: lat,lon,radius in m, and a name when it lies around something
``w``  a ward or commune of today, by code
``o``  a unit of before 1 July 2025, by code: its shape is that of the units of today that have a part of it
``p``  an operating area of a city: city:id
``s``  the own area of an object (a warning, a feature): service~id; only the store knows its shape
=====  ==================================================================================================
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geodata import admin_units, crs, geography
from geodata.city import cities
from geodata.errors import UsageError, VongLauError
from geodata.view import Bounds

GEOD = Geod(ellps="WGS84")
"""Lengths and areas are those of the ellipsoid, not of a plane."""

SCALE = 1e5
MOST_CORNERS = 400
"""A hand draws fewer; a longer link is cut by programs that pass it on."""

LONGEST = 3000
RADIUS_M = (10.0, 100_000.0)
CIRCLE_STEPS = 96
TITLES = {"g": ("Vùng tự vẽ", "Drawn area"), "x": ("Khung chữ nhật", "Box")}

Found = tuple[BaseGeometry, str]
"""The shape of an object (EPSG:4326) and its name."""


class BadArea(UsageError):
    """this is no area: {reason}"""


class AreaGone(VongLauError):
    """the area of {key} of {service} is not there at this moment"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """``shape``: polygon or multipolygon, EPSG:4326, valid. ``approximate``: lines of units are not surveyed ones."""

    code: str
    shape: BaseGeometry
    title_vi: str
    title_en: str
    approximate: bool = False

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large and where: ``area_m2`` and ``perimeter_m`` on the ellipsoid of WGS 84; ``bounds`` in degrees;
    ``vn2000`` (min easting, min northing, max easting, max northing) in m of the plane ``srid``.
    """

    area_m2: float
    perimeter_m: float
    bounds: Bounds
    vn2000: tuple[float, float, float, float]
    srid: int


def extent(area: Area, srid: int) -> Extent:
    """Measures of an area; ``srid`` is a VN-2000 plane. Raises RefusedCRS."""
    square, length = GEOD.geometry_area_perimeter(shapely.orient_polygons(area.shape))
    west, south, east, north = area.shape.bounds
    fine = shapely.segmentize(area.shape, max(max(east - west, north - south) / 64, 1e-5))
    lon, lat = shapely.get_coordinates(fine).T
    across, up = (np.asarray(v) for v in crs.to_vn2000(lon, lat, srid))
    box = (float(across.min()), float(up.min()), float(across.max()), float(up.max()))
    return Extent(
        area_m2=abs(square), perimeter_m=length, bounds=Bounds(west, south, east, north), vn2000=box, srid=srid
    )


def inside(frame: gpd.GeoDataFrame, area: Area) -> gpd.GeoDataFrame:
    """The rows whose shape meets the area; a row without a place is nowhere. Order and columns are kept."""
    if not len(frame):
        return frame
    shapely.prepare(area.shape)
    met = shapely.intersects(area.shape, frame.geometry.to_numpy())
    return gpd.GeoDataFrame(frame[np.asarray(met, bool)])


# -- making ---------------------------------------------------------------------------------------
def drawn(corners: Sequence[Sequence[float]]) -> Area:
    """The polygon of corners (lon, lat) as drawn; lines that cross are mended. Raises BadArea."""
    points = np.asarray(corners, float).reshape(-1, 2)
    if not 3 <= len(points) <= MOST_CORNERS:
        raise BadArea(reason=f"it has {len(points)} corners; 3 to {MOST_CORNERS} are taken")
    _require_places(points)
    return parse("g" + _packed(points))


def box(bounds: Bounds) -> Area:
    """A box. Raises BadArea when it is smaller than a metre."""
    return parse(f"x{bounds.west:.5f},{bounds.south:.5f},{bounds.east:.5f},{bounds.north:.5f}")


def circle(lon: float, lat: float, radius_m: float, name: str = "") -> Area:
    """Everything within ``radius_m`` of a point, on the ellipsoid. Raises BadArea."""
    return parse(f"c{lat:.5f},{lon:.5f},{radius_m:g}" + (f",{name}" if name else ""))


def unit(code: str, *, old: bool = False) -> Area:
    """A ward or commune of today, or a unit of before 1 July 2025 as the units of today that have a part of it.

    Raises BadArea where its lines are not known (outside the provinces of the cities).
    """
    return parse(("o" if old else "w") + code)


def object_code(service: str, key: str) -> str:
    """The code of an object's own area."""
    return f"s{service}~{key}"


# -- reading --------------------------------------------------------------------------------------
def valid(code: str) -> bool:
    """Whether the code can be read; of an object's area, whether it names one."""
    try:
        parse(code, lambda service, key: (shapely.box(0, 0, 1, 1), key))
    except VongLauError:
        return False
    return True


def parse(code: str, find: Callable[[str, str], Found | None] | None = None) -> Area:
    """The area of a code. ``find(service, id)`` gives the shape of an object's area. Raises BadArea, AreaGone."""
    if code[:1] == "s":
        return _object(code, find)
    if not 2 <= len(code) <= LONGEST or code[0] not in _READ:
        raise BadArea(reason=f"a code begins with one of {', '.join(_READ)}, s")
    try:
        return _READ[code[0]](code)
    except (ValueError, KeyError, IndexError, ArithmeticError, admin_units.NoSuchUnit) as error:
        raise BadArea(reason=f"{code[:40]} cannot be read") from error


def _object(code: str, find: Callable[[str, str], Found | None] | None) -> Area:
    service, _, key = code[1:].partition("~")
    if not (service.isidentifier() and key):
        raise BadArea(reason=f"{code[:40]} names no object")
    found = find(service, key) if find is not None else None
    shape = None if found is None else _polygons(found[0])
    if found is None or shape is None:
        raise AreaGone(service=service, key=key)
    return Area(code=code, shape=shape, title_vi=found[1], title_en=found[1])


def _drawn(code: str) -> Area:
    points = _unpacked(code[1:])
    if not 3 <= len(points) <= MOST_CORNERS:
        raise ValueError(code)
    _require_places(points)
    return _area(code, shapely.Polygon(points), *TITLES["g"])


def _box(code: str) -> Area:
    west, south, east, north = (float(part) for part in code[1:].split(","))
    Bounds(west, south, east, north)
    return _area(code, shapely.box(west, south, east, north), *TITLES["x"])


def _circle(code: str) -> Area:
    lat, lon, radius, *rest = code[1:].split(",", 3)
    x, y, r = float(lon), float(lat), float(radius)
    _require_places(np.array([[x, y]]))
    if not RADIUS_M[0] <= r <= RADIUS_M[1]:
        raise ValueError(code)
    turn = np.linspace(0, 360, CIRCLE_STEPS, endpoint=False)
    lons, lats, _ = GEOD.fwd(np.full(CIRCLE_STEPS, x), np.full(CIRCLE_STEPS, y), turn, np.full(CIRCLE_STEPS, r))
    name = rest[0] if rest else f"{y:.5f}, {x:.5f}"
    shape = shapely.Polygon(np.column_stack([lons, lats]))
    return _area(code, shape, f"Bán kính {r:.0f} m quanh {name}", f"{r:.0f} m around {name}")


def _ward(code: str) -> Area:
    found = admin_units.new_units()[code[1:]]
    shape = shapely.union_all([_cells()[found.code]])
    return _area(code, shape, found.path, found.path, approximate=True)


def _old(code: str) -> Area:
    heirs = [one.unit for one in admin_units.convert(code[1:])]
    if not heirs:
        raise KeyError(code)
    found = admin_units.unit(code[1:], on=admin_units.LAST_OLD)
    shape = shapely.union_all([_cells()[one.code] for one in heirs])
    names = ", ".join(one.full_name for one in heirs[:4]) + (" …" if len(heirs) > 4 else "")
    return _area(code, shape, f"{found.path} (cũ), nay: {names}", f"{found.path} (former), now: {names}", True)


def _operating(code: str) -> Area:
    city_id, _, area_id = code[1:].partition(":")
    city = cities()[city_id]
    area = next(one for one in [*city.areas, None] if one is None or one.id == area_id)
    if area is None:
        raise KeyError(code)
    shape = shapely.union_all([_cells()[ward] for ward in area.wards])
    return _area(code, shape, area.title_vi, area.title_en, approximate=True)


_READ: dict[str, Callable[[str], Area]] = {
    "g": _drawn,
    "x": _box,
    "c": _circle,
    "w": _ward,
    "o": _old,
    "p": _operating,
}


def has_lines(code: str, *, old: bool = False) -> bool:
    """Whether the lines of a unit are known."""
    heirs: Iterable[str] = (one.unit.code for one in admin_units.convert(code)) if old else (code,)
    return all(heir in _cells() for heir in heirs)


@cache
def _cells() -> dict[str, BaseGeometry]:
    """Ward codes of the cities' provinces to their cells."""
    wards = geography.collection("wards")
    return dict(zip(wards["id"].astype(str), wards.geometry, strict=True))


def _area(code: str, shape: BaseGeometry, vi: str, en: str, approximate: bool = False) -> Area:
    whole = _polygons(shape)
    if whole is None:
        raise ValueError(code)
    return Area(code=code, shape=whole, title_vi=vi, title_en=en, approximate=approximate)


def _polygons(shape: BaseGeometry | None) -> BaseGeometry | None:
    """The polygons of a shape, mended where its lines cross; None when it covers no ground."""
    if shape is None or shape.is_empty or not np.isfinite(shape.bounds).all():
        return None
    flat = shapely.force_2d(shape)
    good = flat if flat.is_valid else shapely.make_valid(flat)
    parts = shapely.get_parts(shapely.get_parts([good]))  # a mended shape may be a collection of several kinds
    whole: BaseGeometry = shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
    return None if whole.is_empty or whole.area <= 0 else whole


def _require_places(points: np.ndarray) -> None:
    lon, lat = points.T
    if not (np.isfinite(points).all() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 85).all()):
        raise BadArea(reason="a corner lies nowhere on the map")


# -- the link -------------------------------------------------------------------------------------
def _packed(points: np.ndarray) -> str:
    steps = np.diff(np.rint(points * SCALE).astype(int), axis=0, prepend=np.zeros((1, 2), int))
    out = bytearray()
    for step in steps.ravel().tolist():
        value = (step << 1) ^ (step >> 63)
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
    return base64.urlsafe_b64encode(bytes(out)).decode("ascii").rstrip("=")


def _unpacked(text: str) -> np.ndarray:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    values, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        shift += 7
        if shift > 42:
            raise ValueError(text)
        if byte < 0x80:
            values.append((value >> 1) ^ -(value & 1))
            value = shift = 0
    if shift or len(values) % 2:
        raise ValueError(text)
    points: np.ndarray = np.cumsum(np.array(values, float).reshape(-1, 2), axis=0) / SCALE
    return points
