"""What an image says of itself: place, size, time. Only its header and its last block are read."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.crs import check, transformer
from geodata.errors import VongLauError
from geodata.records import JSON

MAX_PIXELS = 1 << 30
MAX_BANDS = 64
MAX_BLOCK_B = 64 << 20
EDGE_POINTS = 21
MAX_TAGS = 30

_DIGITS = re.compile(r"(?<!\d)((?:19|20)\d{6})[T_-]?(\d{4}(?:\d{2})?)(?!\d)")


class BadImage(ValueError):
    """A file that becomes no coverage; ``reason`` is a word of the ledger."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Image:
    """``footprint`` in EPSG:4326, longitude first; ``tagged`` is the time of the TIFF tag, naive, or None."""

    footprint: BaseGeometry
    tagged: datetime | None
    properties: Mapping[str, JSON] = field(default_factory=dict)


def describe(path: Path, declared: int | None) -> Image:
    """The header of a GeoTIFF; nothing beside the file is opened, no driver but that of TIFF. Raises BadImage.

    ``declared`` is the EPSG code of files that name none. The last block is read too: a file cut in the middle has a
    whole header.
    """
    try:
        with (
            warnings.catch_warnings(),
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO", CPL_LOG_ERRORS="OFF"),
        ):
            warnings.simplefilter("ignore")  # of files without a place: that is told below
            with rasterio.open(path, driver="GTiff") as image:
                return _described(image, declared)
    except RasterioError as error:
        raise BadImage("garbled", f"not a GeoTIFF: {str(error).replace(str(path), path.name)[:150]}") from error
    except (ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, BadImage):
            raise
        raise BadImage("garbled", f"not a GeoTIFF: {str(error)[:150]}") from error


def _described(image: rasterio.DatasetReader, declared: int | None) -> Image:
    width, height, bands = image.width, image.height, image.count
    if width * height > MAX_PIXELS or bands > MAX_BANDS:
        raise BadImage("too_large", f"{width} × {height} pixels in {bands} bands")
    rows, columns = image.block_shapes[0]
    if rows * columns * np.dtype(image.dtypes[0]).itemsize * bands > MAX_BLOCK_B:
        raise BadImage("too_large", f"a block of {columns} × {rows} pixels")
    left, top = (width - 1) // columns * columns, (height - 1) // rows * rows
    image.read(bands, window=Window(left, top, width - left, height - top))
    srid = _srid(image, declared)
    return Image(
        footprint=_footprint(image, srid),
        tagged=_tagged(image.tags().get("TIFFTAG_DATETIME")),
        properties={
            "width": width,
            "height": height,
            "bands": bands,
            "dtype": image.dtypes[0],
            "srid": srid,
            "nodata": float(image.nodata) if image.nodata is not None and np.isfinite(image.nodata) else None,
            "tags": {key[:60]: value[:200].replace("\0", "") for key, value in list(image.tags().items())[:MAX_TAGS]},
        },
    )


def _srid(image: rasterio.DatasetReader, declared: int | None) -> int:
    if image.transform.is_identity:
        raise BadImage("no_place", "the image has no place on the earth")
    found = image.crs.to_epsg() if image.crs else None
    if declared is None and found is None:
        raise BadImage("no_crs", "the image names no reference system of EPSG; declare it in the option crs")
    try:
        return check(int(found if found is not None else declared or 0))
    except VongLauError as error:
        raise BadImage("no_crs", str(error)) from error


def _footprint(image: rasterio.DatasetReader, srid: int) -> BaseGeometry:
    """The image's edge, some points on each side so that a bent edge is followed, in EPSG:4326."""
    steps = np.linspace(0, 1, EDGE_POINTS)[:-1]
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    sides = [steps] * 4 if srid != 4326 else [np.zeros(1)] * 4
    around = [
        (a + (c - a) * s, b + (d - b) * s)
        for ((a, b), (c, d)), side in zip(pairwise(corners), sides, strict=True)
        for s in side.tolist()
    ]
    edge = [image.transform @ (s * image.width, t * image.height) for s, t in around]
    x, y = np.array([point[0] for point in edge]), np.array([point[1] for point in edge])
    lon, lat = transformer(srid, 4326).transform(x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise BadImage("no_place", "the image lies outside its reference system")
    if not ((np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()):
        raise BadImage("no_place", f"not on the globe: {lon.min():.3f} {lat.min():.3f} {lon.max():.3f} {lat.max():.3f}")
    found = Polygon(np.column_stack([lon, lat]))
    if not found.area:
        raise BadImage("no_place", "the image covers nothing")
    return found


def _tagged(value: str | None) -> datetime | None:
    """TIFF 6.0: ``2026:11:21 08:30:00``."""
    try:
        return datetime.strptime(value or "", "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (TIFF has no zone)
    except ValueError:
        return None


def named_time(name: str, pattern: str | None) -> datetime | None:
    """The time in a file's name, naive: by a pattern of strptime for the whole name, else 12 or 14 digits of a date.

    >>> named_time("radar_20261121_0830.tif", None)
    datetime.datetime(2026, 11, 21, 8, 30)
    """
    try:
        if pattern is not None:
            return datetime.strptime(name, pattern).replace(tzinfo=None)  # noqa: DTZ007 (the options have the zone)
        match = _DIGITS.search(name)
        if match is None:
            return None
        digits = match[1] + match[2]
        return datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 (the options have the zone)
    except ValueError:
        return None


def in_utc(naive: datetime, zone: str) -> datetime:
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
