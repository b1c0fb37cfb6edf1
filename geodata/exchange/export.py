"""A service or a collection of the store as a file, in any system. Vietnamese text stays as it is (UTF-8).

Decree 269/2025/NĐ-CP, article 21(3), asks for open formats and the national coordinate system in smart-city data:
``srid=9214`` and its sisters write true VN-2000, with the system in the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from geodata import crs, geography
from geodata.catalogue import services
from geodata.errors import UnknownName
from geodata.exchange import SERVICE
from geodata.exchange.errors import NothingToExport, SeveralKinds
from geodata.records import KINDS, Event, Feature, Observation, Position, ServiceRequest
from geodata.store.reader import Reader
from geodata.view import Bounds, View

Format = Literal["gpkg", "geojson", "parquet", "csv"]

DRIVERS: Mapping[str, str] = {"gpkg": "GPKG", "geojson": "GeoJSON"}
WORLD = Bounds(-180, -85, 180, 85)
IN_A_SPAN = (Position, Observation, ServiceRequest, Event)
"""Kinds of which every row of a span of time can be asked for; of the others there is the newest at its end."""

Frames = dict[str, gpd.GeoDataFrame]


def frames(
    reader: Reader,
    name: str,
    *,
    end: datetime,
    start: datetime | None = None,
    known_at: datetime | None = None,
    kind: str | None = None,
) -> Frames:
    """Record kind (or ``Feature`` for a collection) to its rows, EPSG:4326. Kinds without rows are left out.

    ``name`` is a service, an imported collection, or a collection of ``geodata.geography``. With ``start`` every row
    of start < time <= end, else the newest at ``end``; ``known_at`` shows what was known then.
    Raises UnknownName, NothingToExport.
    """
    view = View(WORLD, 1024, 1024, start or datetime.fromtimestamp(0, end.tzinfo), end, known_at)
    found = _service(reader, name, view, start, kind) if name in services() else {}
    found = found or _collection(reader, name, view)
    if not found:
        raise NothingToExport(name=name)
    return found


def _service(reader: Reader, name: str, view: View, start: datetime | None, kind: str | None) -> Frames:
    kinds = services()[name].kinds
    if kind is not None and kind not in kinds:
        raise UnknownName(kind="record kind of the service", name=kind, known=", ".join(kinds))
    found: Frames = {}
    for each in [kind] if kind else kinds:
        record = KINDS[each]
        ask = reader.between if start is not None and record in IN_A_SPAN else reader.latest
        frame = ask(name, record, view)
        if len(frame):
            found[each] = frame
    return found


def _collection(reader: Reader, name: str, view: View) -> Frames:
    """What was imported under that name; else what the program brings."""
    stored = reader.latest(SERVICE, Feature, view)
    mine = stored[stored["collection"] == name]
    if len(mine):
        return {"Feature": gpd.GeoDataFrame(mine)}
    if name in geography.COLLECTIONS:
        return {"Feature": geography.collection(name).set_index("id")}
    if name in services():
        return {}
    known = sorted({*services(), *geography.COLLECTIONS, *stored["collection"].unique()})
    raise UnknownName(kind="service or collection", name=name, known=", ".join(known))


def write(found: Frames, format_: Format, srid: int, path: Path, *, name: str) -> int:
    """Writes the file, whole or not at all, and returns its number of rows. Rows without a place keep an empty one.

    GeoPackage holds every kind as a layer of its own; the other formats hold one kind. Raises SeveralKinds,
    UnknownCRS, RefusedCRS.
    """
    crs.check(srid)
    if format_ != "gpkg" and len(found) > 1:
        raise SeveralKinds(name=name, format=format_, known=", ".join(found))
    part = path.with_name(f".{path.stem}.part{path.suffix or '.' + format_}")
    part.unlink(missing_ok=True)
    try:
        for kind, frame in found.items():
            _write_one(moved(frame, srid), format_, srid, part, layer=name if len(found) == 1 else f"{name}_{kind}")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return sum(len(frame) for frame in found.values())


def moved(frame: gpd.GeoDataFrame, srid: int) -> gpd.GeoDataFrame:
    """The frame in that system, by the same transformation as everywhere (``geodata.crs``)."""
    shapes = crs.reproject_all(frame.geometry.to_numpy(), 4326, srid)
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=srid), crs=srid)


def _write_one(frame: gpd.GeoDataFrame, format_: Format, srid: int, path: Path, layer: str) -> None:
    table = flat(frame)
    if format_ == "parquet":
        table.to_parquet(path, index=False, compression="zstd")
    elif format_ == "csv":
        _csv(table, srid).to_csv(path, index=False, encoding="utf-8-sig", date_format="%Y-%m-%dT%H:%M:%S.%fZ")
    else:
        # RFC 7946 knows only WGS 84; in another system the older "crs" member says which
        options = {"RFC7946": "YES" if srid == 4326 else "NO"} if format_ == "geojson" else {}
        table.to_file(path, driver=DRIVERS[format_], layer=layer, engine="pyogrio", index=False, **options)


def flat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The index as columns, mappings and lists as JSON text: what every format can hold."""
    names = [name for name in frame.index.names if name]
    table = frame.reset_index(names or None, drop=not names)
    for column in table.columns:
        if column != table.geometry.name and table[column].dtype == object:
            table[column] = table[column].map(_cell)
    ordered = [column for column in table.columns if column != table.geometry.name]
    return table[[*ordered, table.geometry.name]]


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple | set):
        return json.dumps(list(value) if isinstance(value, set) else value, ensure_ascii=False, default=str)
    return value


def _csv(table: gpd.GeoDataFrame, srid: int) -> pd.DataFrame:
    """Points as two columns, lon and lat or easting and northing; other shapes as WKT; the system in each row."""
    shapes = table.geometry
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    if shapes.dropna().geom_type.eq("Point").all():
        names = ("lon", "lat") if CRS.from_epsg(srid).is_geographic else ("easting", "northing")
        digits = 7 if CRS.from_epsg(srid).is_geographic else 3
        plain[names[0]], plain[names[1]] = shapes.x.round(digits), shapes.y.round(digits)
    else:
        plain["wkt"] = shapely.to_wkt(shapes.to_numpy(), rounding_precision=7)
    return plain.assign(srid=srid)
