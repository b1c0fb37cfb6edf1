"""Areas of CAP: polygons and circles as geometry, EPSG:4326 with longitude first, and what was wrong with them.

CAP writes latitude first and a circle's radius in kilometres; a circle is drawn on the ellipsoid (WGS 84).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from sources._values import number

MAX_POINTS = 10_000
MAX_RADIUS_KM = 3000.0
MENDED_POINTS, MOST_CROSSINGS = 2000, 200
"""A polygon that is worse is not mended: what is 0.1 s for 200 crossings is minutes for some thousand."""

LEAST_RADIUS_KM = 0.05
"""A circle of radius 0 is a place; it is drawn so small."""

CIRCLE_POINTS = 72
_GEOD = "WGS84"

Floats = NDArray[np.float64]

Shape = tuple[BaseGeometry, tuple[str, ...]]
"""The geometry and the faults that were mended."""


def polygon(text: str) -> Shape:
    """Of ``lat,lon lat,lon …``. Raises ValueError for one that cannot be mended."""
    points, faults = _ordered([_pair(pair) for pair in _pairs(text)])
    if len(points) > 1 and points[0] != points[-1]:
        points.append(points[0])
        faults.append("polygon_closed")
    if len(set(points)) < 3:
        raise ValueError("a polygon of fewer than three places")
    if max(x for x, _ in points) - min(x for x, _ in points) > 180:
        raise ValueError("a polygon over the 180th meridian")
    shape: BaseGeometry = Polygon(points)
    if not shape.is_valid:
        if crossings(points) > MOST_CROSSINGS:
            raise ValueError("a polygon that crosses itself all over")
        shape = _polygonal(shapely.make_valid(shape))
        faults.append("polygon_repaired")
    if shape.is_empty or shape.area == 0:
        raise ValueError("a polygon without an area")
    return shape, tuple(faults)


def circle(text: str) -> Shape:
    """Of ``lat,lon radius``, radius in km. Raises ValueError."""
    centre, _, radius = text.strip().rpartition(" ")
    reach = number(radius)
    if not 0 <= reach <= MAX_RADIUS_KM:
        raise ValueError(f"a circle of {reach:g} km")
    ((lon, lat), *_), faults = _ordered([_pair(centre.replace(" ", ""))])
    n = CIRCLE_POINTS
    bearings = [-360 * step / n for step in range(n)]
    metres = max(reach, LEAST_RADIUS_KM) * 1000
    x, y, _ = Geod(ellps=_GEOD).fwd([lon] * n, [lat] * n, bearings, [metres] * n)
    if max(x) - min(x) > 180 or abs(lat) + metres / 111_000 > 90:
        raise ValueError("a circle over the 180th meridian or a pole")
    return Polygon([(round(a, 6), round(b, 6)) for a, b in zip(x, y, strict=True)]), tuple(faults)


def crossings(points: list[tuple[float, float]]) -> int:
    """How often the ring crosses itself; more than any bound when it is too long to look."""
    if len(points) > MENDED_POINTS:
        return MOST_CROSSINGS + 1
    ring = np.asarray(points)
    a, b = ring[:-1], ring[1:]

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return np.asarray(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    first, last, other, end = a[:, None], b[:, None], a[None], b[None]
    apart = side(first, last, other) * side(first, last, end) < 0
    return int((apart & (side(other, end, first) * side(other, end, last) < 0)).sum()) // 2


def _pairs(text: str) -> list[str]:
    """The pairs, also of texts that put blanks after the commas."""
    found = text.replace(", ", ",").split()
    if len(found) > MAX_POINTS:
        raise ValueError(f"a polygon of more than {MAX_POINTS} places")
    return found


def _pair(text: str) -> tuple[float, float]:
    """First and second number of a pair, as written."""
    first, comma, second = text.partition(",")
    if not comma:
        raise ValueError(f"not a pair: {text[:40]!r}")
    return number(first), number(second.partition(",")[0])


def _ordered(pairs: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], list[str]]:
    """Longitude first. Pairs that are no places as latitude, longitude but are the other way round are swapped."""
    if all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in pairs):
        return [(lon, lat) for lat, lon in pairs], []
    if all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in pairs):
        return [(lon, lat) for lon, lat in pairs], ["lat_lon_swapped"]
    raise ValueError("a place that is not on the globe")


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The parts of a mended polygon that have an area."""
    parts = [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon | MultiPolygon)]
    merged: BaseGeometry = shapely.union_all(parts)
    return merged


def united(shapes: Iterable[BaseGeometry]) -> BaseGeometry | None:
    """The union: several polygons are never holes of one another. None of none."""
    found = [shape for shape in shapes if not shape.is_empty]
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    merged = _polygonal(shapely.union_all(found))
    return merged if not merged.is_empty and math.isfinite(merged.area) else None
