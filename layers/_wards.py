"""Which ward a row is of, and its area: the row's own, else the approximate cell of ``geodata.geography``.

A ward is found by its code (``ward_code`` of the properties, ``ubnd_CODE`` of an agency, the end of an id), by its
full name, or by the cell that a place lies in. Codes are those of the units since 01/7/2025.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import geography
from geodata.folding import fold
from geodata.view import Bounds, View

REACH_DEG = 0.75
"""Most cells end within that of their point: rows of wards are read so much wider than the view."""

_CODE = re.compile(r"(?:^|[:_])(\d{5})$")
_COMMITTEE = re.compile(r"^(?:ubnd|uy ban nhan dan)\s+")


@dataclass(frozen=True, slots=True)
class Ward:
    """A unit with the point it is shown at (EPSG:4326) and its cell; ``area_km2`` official, NaN where none is told."""

    code: str
    name: str
    point: shapely.Point
    area_km2: float
    cell: shapely.Polygon | shapely.MultiPolygon


@cache
def wards() -> Mapping[str, Ward]:
    """The wards of the geography by code."""
    frame = geography.collection("wards")
    found = {}
    for code, name, lon, lat, area, cell in zip(
        frame["id"], frame["full_name"], frame["lon"], frame["lat"], frame["area_km2"], frame.geometry, strict=True
    ):
        own = shapely.Point(lon, lat)
        point = own if cell.contains(own) else cell.representative_point()
        found[str(code)] = Ward(str(code), str(name), point, float(area), cell)
    return found


@cache
def _by_name() -> Mapping[str, str]:
    """Folded full names to codes; a name that two provinces share says nothing."""
    codes: dict[str, list[str]] = {}
    for ward in wards().values():
        codes.setdefault(fold(ward.name), []).append(ward.code)
    return {name: found[0] for name, found in codes.items() if len(found) == 1}


@cache
def _tree() -> shapely.STRtree:
    return shapely.STRtree([ward.cell for ward in wards().values()])


def by_code(text: object) -> Ward | None:
    """The ward of a code, or of an id that ends in one (``ubnd_19753``, ``simulated_population:22015``)."""
    found = _CODE.search(text) if isinstance(text, str) else None
    return None if found is None else wards().get(found[1])


def by_name(text: object) -> Ward | None:
    """The ward of a full name, with or without marks; of its committee too ("UBND phường Phú Xuân")."""
    if not isinstance(text, str):
        return None
    code = _by_name().get(_COMMITTEE.sub("", fold(text)))
    return None if code is None else wards()[code]


def at(points: Sequence[shapely.Geometry | None] | np.ndarray) -> list[Ward | None]:
    """The ward whose cell holds each place; None for no place and outside of all."""
    found: list[Ward | None] = [None] * len(points)
    all_ = list(wards().values())
    some = [i for i, p in enumerate(points) if p is not None and not p.is_empty]
    if not some:
        return found
    inner = shapely.point_on_surface(np.asarray([points[i] for i in some], object))
    for i, ward in zip(*_tree().query(inner, predicate="within"), strict=True):
        found[some[i]] = all_[ward]
    return found


def named(row: Mapping[str, Any]) -> Ward | None:
    """The ward that the row itself names, by code before name."""
    properties = row.get("properties")
    told = properties if isinstance(properties, Mapping) else {}
    for code in (told.get("ward_code"), row.get("agency"), row.get("id")):
        if (ward := by_code(code)) is not None:
            return ward
    for name in (told.get("ward"), row.get("name"), row.get("agency")):
        if (ward := by_name(name)) is not None:
            return ward
    return None


def of(frame: pd.DataFrame, *, by_place: bool = False) -> list[Ward | None]:
    """The ward that every row names; with ``by_place``, else the one it lies in."""
    plain = frame.reset_index(names="id") if "id" not in frame else frame
    found = [named({str(k): v for k, v in row.items()}) for row in plain.to_dict("records")]
    missing = [i for i, ward in enumerate(found) if ward is None] if by_place else []
    if missing:
        places = frame["geometry"].to_numpy()
        for i, ward in zip(missing, at([places[i] for i in missing]), strict=True):
            found[i] = ward
    return found


def wide(view: View) -> View:
    """The view with the wards that only reach into it: their rows stand at their point."""
    b = view.bounds
    box = Bounds(
        max(b.west - REACH_DEG, -180.0),
        max(b.south - REACH_DEG, -85.0),
        min(b.east + REACH_DEG, 180.0),
        min(b.north + REACH_DEG, 85.0),
    )
    return replace(view, bounds=box)


def shaped(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """The rows with ``area`` (bool: one to shade), ``ward``, ``point``, ``area_km2``, ``approximate``; cut to the view.

    A row with an area of its own keeps it; another takes the cell of its ward; one with neither keeps its place.
    """
    found = of(frame)
    own = [g is not None and g.geom_type in {"Polygon", "MultiPolygon"} and not g.is_empty for g in frame.geometry]
    out = frame.copy()
    cells = [None if w is None else w.cell for w in found]
    shapes = [g if mine or cell is None else cell for g, mine, cell in zip(frame.geometry, own, cells, strict=True)]
    out = out.set_geometry(gpd.GeoSeries(shapes, index=out.index, crs=4326))
    out["area"] = [mine or cell is not None for mine, cell in zip(own, cells, strict=True)]
    out["approximate"] = [not mine and cell is not None for mine, cell in zip(own, cells, strict=True)]
    out["ward"] = [None if w is None else w.name for w in found]
    out["point"] = [None if w is None else w.point for w in found]
    out["area_km2"] = [np.nan if w is None else w.area_km2 for w in found]
    box = shapely.box(view.bounds.west, view.bounds.south, view.bounds.east, view.bounds.north)
    inside = [g is None or g.is_empty or g.intersects(box) for g in out.geometry]
    return gpd.GeoDataFrame(out[inside])
