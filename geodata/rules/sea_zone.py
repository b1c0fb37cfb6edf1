"""Where at sea a vessel is: fishing zone by tuyến bờ and tuyến lộng, and how near an agreed boundary, on which side.

The zone lines are for reference only (``geodata.sea_lines``): what is said by them is never sure. Boundaries are agreed
lines between exclusive economic zones; past their ends nothing is agreed, and nothing is told. Distances are measured
in the Mercator plane and scaled at the vessel: under 0.5% off within 60 nautical miles.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata import geography
from geodata.sea_lines import inshore_zone, sea_lines
from geodata.view import mercator_xy

Zone = Literal["coast", "inshore", "offshore"]
NM = 1852.0
ISLAND_NM = 6.0
"""Islands have a coastal zone of their own, so wide; a vessel in it is told nothing."""

REACH_NM = 60.0
"""A vessel further from a boundary, on either side, is told nothing by it."""

HOME: Mapping[str, tuple[float, float]] = {"gulf_of_tonkin": (106.5, 18.5), "thailand": (103.5, 9.0)}
"""A point on the Vietnamese side of each boundary of waters, lon and lat. That with Indonesia is of the shelf."""


def zones(lon: NDArray[np.float64], lat: NDArray[np.float64], margin_nm: float) -> pd.Series[str]:
    """``coast``, ``inshore`` (vùng lộng), ``offshore`` (vùng khơi); None within the margin of a line, at islands."""
    points, scale = _points(lon, lat)
    ring, coast, open_sea, islands = _zone_shapes()
    to_coast = shapely.distance(points, coast) * scale
    to_open = shapely.distance(points, open_sea) * scale
    inside = shapely.contains(ring, points)
    found = pd.Series(np.where(inside, "inshore", np.where(to_coast < to_open, "coast", "offshore")), dtype=object)
    unsure = (np.minimum(to_coast, to_open) < margin_nm) | shapely.intersects(islands, points)
    found[unsure] = None
    return found


def beyond(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> pd.DataFrame:
    """``line`` of the nearest boundary abreast of each place (missing where none is in reach), ``nm`` to it, negative
    beyond it, ``out_deg`` the bearing straight across it.
    """
    every, scales = _points(lon, lat)
    out = pd.DataFrame({"line": pd.Series(None, range(len(every)), dtype=object), "nm": np.inf, "out_deg": np.nan})
    for name, home in HOME.items():
        line = _lines()[name]
        near = np.flatnonzero(shapely.distance(every, line) * scales <= REACH_NM)
        points, scale = every[near], scales[near]
        side, abreast, foot = _side(line, points)
        sign = _side(line, _points(np.array([home[0]]), np.array([home[1]]))[0])[0][0]
        nm = shapely.distance(points, foot) * scale * np.where(side == sign, 1, -1)
        nearer = abreast & (np.abs(nm) < out["nm"].abs().to_numpy()[near])
        dx = (shapely.get_x(foot) - shapely.get_x(points)) * np.sign(nm)
        dy = (shapely.get_y(foot) - shapely.get_y(points)) * np.sign(nm)
        out.loc[near[nearer], "line"] = name
        out.loc[near[nearer], "nm"] = nm[nearer]
        out.loc[near[nearer], "out_deg"] = (np.degrees(np.arctan2(dx, dy)) % 360)[nearer]
    return out


def _points(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """The places in EPSG:3857, and how many nautical miles a metre of that plane is there."""
    x, y = mercator_xy(np.asarray(lon, float), np.asarray(lat, float))
    return np.asarray(shapely.points(x, y), dtype=object), np.cos(np.radians(lat)) / NM


def _side(
    line: shapely.LineString, points: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.object_]]:
    """Left (1) or right (-1) of the line, whether abreast of it and not past an end, and the nearest point of it."""
    along = shapely.line_locate_point(line, points)
    foot = shapely.line_interpolate_point(line, along)
    ahead = shapely.line_interpolate_point(line, np.minimum(along + 1, line.length))
    behind = shapely.line_interpolate_point(line, np.maximum(along - 1, 0))
    ax, ay = shapely.get_x(ahead) - shapely.get_x(behind), shapely.get_y(ahead) - shapely.get_y(behind)
    bx, by = shapely.get_x(points) - shapely.get_x(foot), shapely.get_y(points) - shapely.get_y(foot)
    return np.sign(ax * by - ay * bx), (along > 0) & (along < line.length), foot


@cache
def _lines() -> Mapping[str, shapely.LineString]:
    return {name: _line(sea_lines()[name].geometry) for name in (*HOME, "tuyen_bo", "tuyen_long")}


def _line(line: shapely.LineString) -> shapely.LineString:
    lon, lat = shapely.get_coordinates(line).T
    return shapely.LineString(np.column_stack(mercator_xy(lon, lat)))


@cache
def _zone_shapes() -> tuple[shapely.Geometry, shapely.Geometry, shapely.Geometry, shapely.Geometry]:
    """Ring of the inshore zone, the two lines, the islands with their coastal zones; EPSG:3857."""
    ring = _plane(inshore_zone())
    shapely.prepare(ring)
    places = _plane(geography.collection("islands").geometry.to_numpy())
    y = shapely.get_y(shapely.centroid(places))
    wide = ISLAND_NM * NM * np.cosh(y / 6378137.0)
    islands = shapely.union_all(shapely.buffer(places, wide))
    shapely.prepare(islands)
    return ring, _lines()["tuyen_bo"], _lines()["tuyen_long"], islands


def _plane(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda at: np.column_stack(mercator_xy(at[:, 0], at[:, 1])))
