"""Which cameras look at a point or an area: plane geometry of their sectors, in metres.

A camera's sector is its direction (clockwise from true north), its angle of view and its reach. What a source does not
tell is assumed, and the row says so: an assumption is a reason to look at the picture, not to believe it. Walls, trees,
lamps, bends of the ground and the blind spot under a mast are not known and not looked at.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

FOV_ASSUMED_DEG = 60.0
"""Angle of view of a camera that tells none: a usual fixed lens; as wide as the cone that the map draws."""

RANGE_ASSUMED_M = 100.0
"""Reach of a camera that tells none: about where a person is still told from a lamp post on a street's camera."""

ALL_AROUND_DEG = 360.0
"""A camera whose direction is not known may look anywhere: it is offered, as assumed."""

TOUCH_M = 0.01
ARC_STEP_DEG = 3.0


def sees(cameras: gpd.GeoDataFrame, area: BaseGeometry) -> gpd.GeoDataFrame:
    """The cameras whose sector meets the area (EPSG:4326, a point too), nearest first.

    ``cameras`` has points in EPSG:4326 and, where known, azimuth_deg, fov_deg, range_m; all its rows' columns are kept,
    so those that are not live come with their state. New columns: ``distance_m`` from the camera to the nearest
    point of the area (0 inside; then the nearest to its centre first) and ``assumed``: its direction, angle or reach
    was not told. A camera without a place sees nothing; an empty area is seen by none. Of the camera layer's frame only
    the rows that are cameras (column ``what``) are looked at.
    """
    if "what" in cameras:
        cameras = gpd.GeoDataFrame(cameras[cameras["what"] == "camera"])
    nothing = cameras.iloc[:0].assign(distance_m=pd.Series(dtype=float), assumed=pd.Series(dtype=bool))
    if not len(cameras) or area is None or area.is_empty or not np.isfinite(area.bounds).all():
        return gpd.GeoDataFrame(nothing)
    plane = _plane(area)
    place = np.asarray(cameras.geometry.to_numpy(), object)
    known = ~(shapely.is_missing(place) | shapely.is_empty(place))
    if not known.any():
        return gpd.GeoDataFrame(nothing)
    found = cameras[known]
    lon_lat = shapely.get_coordinates(shapely.centroid(place[known]))
    x, y = plane.transform(lon_lat[:, 0], lon_lat[:, 1])
    target = _moved(area, plane)
    distance = shapely.distance(shapely.points(x, y), target)
    azimuth, fov, reach, assumed = optics(found)
    near = np.flatnonzero(distance <= reach)
    sectors = [sector_m(x[i], y[i], azimuth[i], fov[i], reach[i]) for i in near]
    met = near[np.asarray(shapely.dwithin(np.asarray(sectors, object), target, TOUCH_M), bool)] if len(near) else near
    middle = shapely.distance(shapely.points(x[met], y[met]), shapely.centroid(target))
    order = met[np.lexsort((middle, distance[met]))]
    return gpd.GeoDataFrame(found.iloc[order].assign(distance_m=distance[order], assumed=assumed[order]))


def optics(
    cameras: pd.DataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Direction and angle of view in degrees, reach in metres, and whether any of them had to be assumed.

    A told angle or reach that no lens has (not above 0, over 360°) counts as not told.
    """
    azimuth, fov, reach = (_numbers(cameras, name) for name in ("azimuth_deg", "fov_deg", "range_m"))
    no_reach = ~(reach > 0)
    no_fov = ~((fov > 0) & (fov <= ALL_AROUND_DEG))
    around = fov == ALL_AROUND_DEG
    no_azimuth = ~np.isfinite(azimuth) & ~around
    fov = np.where(no_azimuth | around, ALL_AROUND_DEG, np.where(no_fov, FOV_ASSUMED_DEG, fov))
    reach = np.where(no_reach, RANGE_ASSUMED_M, reach)
    return np.nan_to_num(azimuth) % 360, fov, reach, no_reach | no_azimuth | (no_fov & ~around)


def sector_m(x: float, y: float, azimuth_deg: float, fov_deg: float, range_m: float) -> shapely.Polygon:
    """The sector as a polygon in the plane of x, y (metres, y to the north). Its arc is not cut short."""
    steps = max(2, int(np.ceil(fov_deg / ARC_STEP_DEG)))
    turn = np.radians(np.linspace(azimuth_deg - fov_deg / 2, azimuth_deg + fov_deg / 2, steps + 1))
    # a chord lies inside its arc: corners a little further out, so that what is in reach is in the polygon
    radius = range_m / np.cos(np.radians(fov_deg / steps / 2))
    arc = np.column_stack((x + radius * np.sin(turn), y + radius * np.cos(turn)))
    return shapely.Polygon(arc if fov_deg >= ALL_AROUND_DEG else np.vstack(((x, y), arc)))


def _plane(area: BaseGeometry) -> Transformer:
    """From EPSG:4326 to metres around the middle of the area: azimuths and distances are true there."""
    west, south, east, north = area.bounds
    local = CRS.from_proj4(f"+proj=aeqd +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +datum=WGS84 +units=m")
    return Transformer.from_crs(4326, local, always_xy=True)


def _moved(area: BaseGeometry, plane: Transformer) -> BaseGeometry:
    """The area in the plane; one that was drawn across itself is mended."""
    flat = shapely.transform(
        shapely.force_2d(area), lambda points: np.column_stack(plane.transform(points[:, 0], points[:, 1]))
    )
    return flat if flat.is_valid else shapely.make_valid(flat)


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as floats; NaN where it is missing, no number or not finite."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)
