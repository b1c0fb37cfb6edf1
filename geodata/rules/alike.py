"""Cases that may be one: near each other, close in time, of one category, in nearly the same words. A proposal only."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.folding import fold
from geodata.view import EARTH_RADIUS_M, mercator_xy


def groups(cases: gpd.GeoDataFrame, apart_m: float, within_s: float, alike: float) -> list[list[str]]:
    """Ids of those that may be one, the first told first; columns requested_datetime, category, title, description."""
    found = cases[cases["category"].notna() & ~(cases.geometry.isna() | cases.geometry.is_empty)]
    found = found.sort_values("requested_datetime", kind="stable")
    if len(found) < 2:
        return []
    a, b = _near(found, apart_m, within_s)
    bags = [_words(t, d) for t, d in zip(found["title"], found["description"], strict=True)]
    first = list(range(len(found)))
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        one, other = bags[i], bags[j]
        if one and other and len(one & other) >= alike * len(one | other):
            _join(first, i, j)
    of: dict[int, list[str]] = {}
    for i, key in enumerate(found.index):
        of.setdefault(_root(first, i), []).append(str(key))
    return [ids for ids in of.values() if len(ids) > 1]


def _near(found: gpd.GeoDataFrame, apart_m: float, within_s: float) -> tuple[np.ndarray, np.ndarray]:
    points = shapely.point_on_surface(found.geometry.to_numpy())
    x, y = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    plane = np.asarray(shapely.points(x, y), dtype=object)
    a, b = shapely.STRtree(plane).query(plane, predicate="dwithin", distance=apart_m * np.cosh(y / EARTH_RADIUS_M))
    time = ((found["requested_datetime"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1s")).to_numpy(float)
    kind = pd.factorize(found["category"])[0]
    kept = (a < b) & (kind[a] == kind[b]) & (np.abs(time[a] - time[b]) <= within_s)
    return a[kept], b[kept]


def _words(*texts: object) -> frozenset[str]:
    return frozenset(word for text in texts if isinstance(text, str) for word in fold(text).split())


def _root(first: list[int], i: int) -> int:
    while first[i] != i:
        first[i] = first[first[i]]
        i = first[i]
    return i


def _join(first: list[int], i: int, j: int) -> None:
    a, b = _root(first, i), _root(first, j)
    first[max(a, b)] = min(a, b)
