"""A vector file as a frame in EPSG:4326, longitude first. The system is read from the file or told, never guessed."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from geodata import crs
from geodata.crs import ZONES
from geodata.exchange.errors import CRSConflict, ForeignCRS, NoCRS, NoLayer, Unreadable

WGS84_BY_STANDARD = {"GeoJSON", "GeoJSONSeq"}
"""RFC 7946 knows no other system: what these files say is an assumption, and --srid may say otherwise."""


def read(
    path: Path, *, srid: int | None = None, layer: str | None = None, swap: bool = False, encoding: str | None = None
) -> gpd.GeoDataFrame:
    """Shapefile, GeoJSON, GeoPackage, FlatGeobuf and whatever else OGR reads.

    ``attrs["srid"]`` keeps the code it was read with. ``srid`` is needed when the file says nothing. ``swap``
    exchanges the two axes. ``encoding`` is for shapefiles whose .cpg is missing. Rows without geometry stay, with
    None; heights are dropped. Raises Unreadable, NoLayer, NoCRS, ForeignCRS, CRSConflict and, when a point lies
    outside Viet Nam, OutsideVietNam with the likely cause.
    """
    if not path.exists():
        raise Unreadable(path=path, reason="no such file")
    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if layer is None and len(names) > 1:
            raise NoLayer(path=path, known=", ".join(names))
        driver = pyogrio.read_info(path, layer=layer).get("driver", "")
        frame = gpd.read_file(path, layer=layer, engine="pyogrio", encoding=encoding)
    except (DataSourceError, DataLayerError, UnicodeDecodeError, ValueError) as error:
        raise Unreadable(path=path, reason=" ".join(str(error).split())) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise Unreadable(path=path, reason="it has no geometry")
    code = _srid(path, frame.crs, srid, assumed=driver in WGS84_BY_STANDARD)
    found = to_wgs84(frame, code, swap=swap)
    found.attrs["srid"] = code
    return found


def _srid(path: Path, found: CRS | None, told: int | None, *, assumed: bool) -> int:
    """The EPSG code to read the file with."""
    if told is not None:
        crs.check(told)
    said = epsg(found) if found is not None else None
    if assumed and said == 4326:
        return told or 4326
    if said is not None:
        crs.check(said)
        if told is not None and told != said:
            raise CRSConflict(path=path, found=said, told=told)
        return said
    if told is not None:
        return told
    if found is None:
        raise NoCRS(path=path)
    raise ForeignCRS(path=path, found=found.name)


def epsg(found: CRS) -> int | None:
    """The code of a system, or of the VN-2000 zone that it is under another name; else None.

    ESRI and QGIS write zones as custom systems, often with the datum shift set to nothing: an error of 225 m. The
    zone's own code brings the shift of Decision 05/2007/QĐ-BTNMT.
    """
    code = found.to_epsg(min_confidence=70)
    if code is not None:
        return int(code)
    named = f"{found.name} {found.datum.name if found.datum else ''}".casefold().replace("_", "-")
    if "vn-2000" not in named and "vietnam-2000" not in named and "vn2000" not in named:
        return None
    plane = found.to_cf()
    for zone in ZONES.values():
        if (
            abs(plane.get("longitude_of_central_meridian", 999) - zone.meridian_deg) < 1e-6
            and abs(plane.get("scale_factor_at_central_meridian", 0) - zone.scale) < 1e-9
            and abs(plane.get("false_easting", 0) - 500_000) < 1e-6
            and abs(plane.get("false_northing", 1)) < 1e-6
        ):
            return zone.srid
    return None


def to_wgs84(frame: gpd.GeoDataFrame, srid: int, *, swap: bool = False) -> gpd.GeoDataFrame:
    """The frame in EPSG:4326. Every vertex must lie in Viet Nam. Raises OutsideVietNam."""
    geometry = frame.geometry.to_numpy()
    if swap:
        geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
    points = shapely.get_coordinates(geometry)
    crs.require_viet_nam(points[:, 0], points[:, 1], srid)
    moved = crs.reproject_all(geometry, srid, 4326)
    return frame.set_geometry(gpd.GeoSeries(moved, index=frame.index, crs=4326), crs=4326)


def elsewhere(frame: gpd.GeoDataFrame, box: tuple[float, float, float, float]) -> str | None:
    """A warning when nothing of the frame lies in the box (west, south, east, north), with the zones that would do.

    A wrong zone gives a place in Viet Nam too, only tens of kilometres off: this is the one way to see it.
    """
    points = shapely.get_coordinates(frame.geometry.to_numpy())
    if not len(points) or shapely.box(*box).intersects(shapely.MultiPoint(points)):
        return None
    srid = int(frame.attrs.get("srid", 4326))
    if srid not in ZONES:
        return "nothing of it lies in the city's box"
    lon, lat = np.median(points, axis=0)
    better = crs.zones_near(*crs.to_vn2000(lon, lat, srid), box)
    hint = f"; with --srid {' or '.join(map(str, better))} it would" if better else ""
    return f"read in EPSG:{srid}, nothing of it lies in the city's box{hint}"
