"""Two vessels side by side at sea, and how far it is to port and shore.

An encounter by the published thresholds of Global Fishing Watch: at most 500 m apart for at least two hours, both at
least 10 km from a port. Fixes of the two are compared where both have one in the same quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata import geography
from geodata.view import EARTH_RADIUS_M, mercator_xy

PORT_NM = 10_000 / 1852
STEP = "15min"


def pairs(some: gpd.GeoDataFrame, others: gpd.GeoDataFrame, apart_m: float) -> Iterator[tuple[str, str]]:
    """Ids of those at most so far apart now."""
    if some.empty or others.empty:
        return
    a, b = _plane(some.geometry), _plane(others.geometry)
    stretch = np.cosh(shapely.get_y(a) / EARTH_RADIUS_M)
    at, to = shapely.STRtree(b).query(a, predicate="dwithin", distance=apart_m * stretch)
    yield from sorted((str(some.index[i]), str(others.index[j])) for i, j in zip(at, to, strict=True))


def since(one: pd.DataFrame, other: pd.DataFrame, apart_m: float) -> datetime | None:
    """Since when the two tracks are together without a break, by the quarters of an hour that both have."""
    if one.empty or other.empty:
        return None
    a, b = (_quarters(track) for track in (one, other))
    both = a.add_suffix("_a").join(b.add_suffix("_b"), how="inner")
    if both.empty:
        return None
    stretch = np.cosh(both["y_a"] / EARTH_RADIUS_M)
    near = (np.hypot(both["x_a"] - both["x_b"], both["y_a"] - both["y_b"]) / stretch <= apart_m).to_numpy()
    run = len(near) if near.all() else int(np.argmin(near[::-1]))
    return both.index[-run].to_pydatetime() if run else None


def port_nm(places: gpd.GeoSeries) -> NDArray[np.float64]:
    """To the nearest landing place, nautical miles."""
    return _to(_landings(), places)


def shore_nm(places: gpd.GeoSeries) -> NDArray[np.float64]:
    """To the nearest land, nautical miles."""
    return _to(_land(), places)


def heard_near(place: shapely.Point, others: gpd.GeoSeries, within_nm: float) -> int:
    """How many of the others are so near a place (EPSG:4326): whether anybody is heard there at all."""
    if others.empty:
        return 0
    x, y = mercator_xy(np.array([place.x]), np.array([place.y]))
    metres = shapely.distance(_plane(others), shapely.Point(x[0], y[0])) / np.cosh(y[0] / EARTH_RADIUS_M)
    return int((metres <= within_nm * 1852).sum())


def _to(shapes: shapely.STRtree, places: gpd.GeoSeries) -> NDArray[np.float64]:
    points = _plane(places)
    (order, _), metres = shapes.query_nearest(points, return_distance=True, all_matches=False)
    out = np.full(len(points), np.inf)
    out[order] = metres / np.cosh(shapely.get_y(points[order]) / EARTH_RADIUS_M) / 1852
    return out


def _quarters(track: pd.DataFrame) -> pd.DataFrame:
    x, y = mercator_xy(track["lon"], track["lat"])
    return pd.DataFrame({"x": x, "y": y}).groupby(pd.DatetimeIndex(track["time"]).floor(STEP)).last()


def _plane(places: gpd.GeoSeries) -> NDArray[np.object_]:
    x, y = mercator_xy(places.x, places.y)
    return np.asarray(shapely.points(x, y), dtype=object)


@cache
def _landings() -> shapely.STRtree:
    return shapely.STRtree(_plane(geography.collection("landings").geometry))


@cache
def _land() -> shapely.STRtree:
    shapes = geography.collection("land_coarse").geometry.to_numpy()
    return shapely.STRtree(shapely.transform(shapes, lambda at: np.column_stack(mercator_xy(at[:, 0], at[:, 1]))))
