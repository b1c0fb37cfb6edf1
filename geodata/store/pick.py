"""The exact pick: rows within some metres of a point, nearest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import cos, radians, sin, sqrt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.catalogue import Service
from geodata.records import KINDS, Observation, Record
from geodata.view import Bounds, View

SEMI_MAJOR_M = 6_378_137.0  # WGS 84
ECCENTRICITY_2 = 0.006_694_379_990_14


def metres_a_degree(lat: float) -> tuple[float, float]:
    """East and north on the WGS 84 ellipsoid: exact at the point, within 10⁻⁴ some kilometres around."""
    w2 = 1 - ECCENTRICITY_2 * sin(radians(lat)) ** 2
    east = SEMI_MAJOR_M * cos(radians(lat)) / sqrt(w2)
    north = SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / w2**1.5
    return radians(1) * east, radians(1) * north


def around(lon: float, lat: float, radius_m: float, view: View) -> View:
    """The view over the square that holds the circle."""
    east, north = metres_a_degree(lat)
    dx, dy = radius_m / east, radius_m / north
    box = Bounds(max(-180, lon - dx), max(-85.06, lat - dy), min(180, lon + dx), min(85.06, lat + dy))
    return replace(view, bounds=box)


def kinds(service: Service | None) -> Iterator[type[Record]]:
    """Kinds that have a place of their own; observations stand where their things do."""
    names = tuple(KINDS) if service is None else service.kinds
    for name in names:
        if KINDS[name] is not Observation or (service is not None and "Thing" not in names):
            yield KINDS[name]


def nearest(found: Sequence[gpd.GeoDataFrame], lon: float, lat: float, radius_m: float) -> gpd.GeoDataFrame:
    """One frame with ``distance_m``, within the radius, nearest first; index = id."""
    east, north = metres_a_degree(lat)
    parts = []
    for part in found:
        placed = part[part.geometry.notna()]
        if "id" in placed.columns:
            placed = placed.set_index("id")
        local = shapely.transform(placed.geometry.to_numpy(), lambda p: (p - [lon, lat]) * [east, north])
        distance = shapely.distance(local, shapely.Point(0, 0)) if len(placed) else np.empty(0)
        parts.append(placed.assign(distance_m=distance)[distance <= radius_m])
    full = [part for part in parts if len(part)]
    if not full:
        return gpd.GeoDataFrame(parts[0] if parts else {"geometry": []}, geometry="geometry", crs="EPSG:4326")
    joined = gpd.GeoDataFrame(pd.concat(full), geometry="geometry", crs="EPSG:4326")
    for name in joined.columns[joined.dtypes == "object"]:  # a kind without the column has no word, not a number
        joined[name] = joined[name].where(joined[name].notna(), None)
    return joined.sort_values("distance_m", kind="stable")
