"""Geometries of feature services as EPSG:4326, longitude first, whatever order of axes their server believes in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geodata.crs import DOMAIN, check, reproject
from geodata.errors import VongLauError

Axes = Literal["auto", "xy", "yx"]

_EPSG = re.compile(r"epsg[^0-9]*?(?:0|[\d.]+)?[/:#]+(\d{4,6})$", re.IGNORECASE)
_STRICT = re.compile(r"^(?:urn:|https?://www\.opengis\.net/def/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class System:
    """An EPSG code; ``strict``: the name promises the order of axes that EPSG has, so 4326 is latitude first."""

    srid: int
    strict: bool

    @property
    def is_north_first(self) -> bool:
        return self.strict and _north_first(self.srid)


CRS84 = System(4326, strict=False)


def system(name: str) -> System:
    """What a server calls its system. Raises ValueError for a name or code that cannot be used.

    >>> system("http://www.opengis.net/def/crs/OGC/1.3/CRS84"), system("urn:ogc:def:crs:EPSG::4326")
    (System(srid=4326, strict=False), System(srid=4326, strict=True))
    >>> system("EPSG:9214"), system("http://www.opengis.net/def/crs/EPSG/0/3405").srid
    (System(srid=9214, strict=False), 3405)
    """
    plain = name.strip().strip("<>")
    if "crs84" in plain.casefold() or "crs:84" in plain.casefold():
        return CRS84
    match = _EPSG.search(plain)
    if match is None:
        raise ValueError(f"unknown coordinate reference system {plain[:80]!r}")
    try:
        return System(check(int(match[1])), strict=bool(_STRICT.match(plain)))
    except VongLauError as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=64)
def _north_first(srid: int) -> bool:
    axes = CRS.from_epsg(srid).axis_info
    return bool(axes) and axes[0].direction.casefold() in {"north", "south"}


def geometry(body: Any) -> BaseGeometry:
    """A GeoJSON geometry in two dimensions, in its own system. Raises ValueError."""
    if not isinstance(body, Mapping):
        raise ValueError("a feature without a geometry")  # noqa: TRY004 (what is wrong is the payload)
    try:
        found = shapely.force_2d(shape(dict(body)))
    except (ShapelyError, AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        # shapely raises whatever the broken coordinates make Python raise
        raise ValueError(f"not a GeoJSON geometry: {error}") from error
    return found


def placed(found: BaseGeometry, given: System, axes: Axes) -> BaseGeometry:
    """The geometry in EPSG:4326, longitude first. Raises ValueError for a place that is not on the globe.

    With ``auto`` the order is that of the system's name; where that leads out of Viet Nam and the other order into it,
    the other one is meant: servers that announce one order and send the other are common.
    """
    if found.is_empty or not np.isfinite(shapely.get_coordinates(found)).all():
        raise ValueError("an empty geometry")
    swapped = given.is_north_first if axes == "auto" else axes == "yx"
    orders = (swapped, not swapped) if axes == "auto" else (swapped,)
    first: BaseGeometry | None = None
    for order in orders:
        moved = _moved(found, given.srid, swap=order)
        if moved is not None and _within(moved, DOMAIN):
            return moved
        first = first if first is not None else moved
    if first is None:
        raise ValueError(f"not on the globe: {tuple(round(edge, 3) for edge in found.bounds)} in EPSG:{given.srid}")
    return first


def _moved(found: BaseGeometry, srid: int, *, swap: bool) -> BaseGeometry | None:
    """None for what lies nowhere."""
    turned: BaseGeometry = shapely.transform(found, lambda xy: xy[:, ::-1]) if swap else found
    moved = reproject(turned, srid, 4326)
    if not np.isfinite(shapely.get_coordinates(moved)).all() or not _within(moved, (-180, -90, 180, 90)):
        return None
    return moved


def _within(found: BaseGeometry, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = found.bounds
    return bool(bounds[0] <= west <= east <= bounds[2] and bounds[1] <= south <= north <= bounds[3])
