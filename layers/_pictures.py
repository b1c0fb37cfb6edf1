"""Pictures of coverages for the map: read with rasterio, laid on the plane of the map, coloured by what they measure.

A file is read only where it lies on this machine, by the drivers of TIFF, PNG and JPEG; nothing is opened beside it.
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # what GDAL's own failures come as
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from shapely.geometry.base import BaseGeometry

from geodata.view import Bounds, View
from layers import _picture_colors as colors

MOST_PIXELS = 2_000_000
KEPT = 12
"""Pictures in the cache: 12 of 2 megapixels are 96 MB at most."""

MOST_SOURCE_PIXELS = 1 << 30
Box = tuple[float, float, float, float]
"""West, south, east, north in EPSG:3857 m."""


class NoPicture(Exception):
    """Why there is nothing to draw, in Vietnamese and English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.words = (vi, en)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """``rgba`` (height, width, 4) uint8 from the north; ``box`` in EPSG:3857; ``scale`` says what the colours mean."""

    rgba: NDArray[np.uint8]
    box: Box
    scale: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a file: its category and unit, and the footprint for files without a place of their own."""

    href: str
    category: str
    media_type: str
    unit: str
    srid: int | None
    footprint: BaseGeometry | None


class Pictures:
    """The newest pictures, at most ``KEPT``, by file, its change and the part that was read. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Picture] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, wanted: Wanted, view: View) -> Picture:
        """The picture of a file as the view needs it. Raises NoPicture."""
        path = local(wanted.href)
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            raise NoPicture("tệp ảnh không còn", "the file is gone") from None
        except (OSError, ValueError):
            raise NoPicture("không đọc được tệp ảnh", "the file cannot be read") from None
        part = _part(view)
        with self._lock:
            for key in ((wanted.href, changed, None), (wanted.href, changed, part)):
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
        picture, whole = read(path, wanted, view)
        with self._lock:
            self._kept[wanted.href, changed, None if whole else part] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return picture


def _part(view: View) -> tuple[int, ...]:
    """The view to the pixel, so that the same view finds the same part."""
    return (*(round(edge / view.resolution_m) for edge in view.bounds.mercator), round(view.resolution_m * 100))


def local(href: str) -> Path:
    """The path of a file of this machine. Raises NoPicture for an address elsewhere."""
    plain = href.removeprefix("file://")
    if "://" in plain or plain.startswith("/vsi") or not plain.startswith("/"):
        raise NoPicture("ảnh không được lưu ở đây", "the picture is not kept here")
    return Path(plain)


def read(path: Path, wanted: Wanted, view: View) -> tuple[Picture, bool]:
    """The picture and whether it is the whole file, not only the view's part. Raises NoPicture."""
    driver = {"image/png": "PNG", "image/jpeg": "JPEG"}.get(wanted.media_type, "GTiff")
    quiet = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "CPL_LOG_ERRORS": "OFF"}
    try:
        with warnings.catch_warnings(), rasterio.Env(**quiet):
            warnings.simplefilter("ignore")  # of files without a place: theirs is the footprint
            with rasterio.open(path, driver=driver) as image:
                if not image.transform.is_identity:
                    return _warped(image, wanted, view)
                with _placed(image, wanted) as file, file.open() as placed:
                    return _warped(placed, wanted, view)
    except (RasterioError, CPLE_BaseError, ValueError, OSError, MemoryError) as error:
        raise NoPicture("tệp ảnh hỏng", "the file is broken") from error


def _warped(image: rasterio.DatasetReader, wanted: Wanted, view: View) -> tuple[Picture, bool]:
    if image.width * image.height > MOST_SOURCE_PIXELS:
        raise NoPicture("ảnh quá lớn", "the picture is too large")
    crs = image.crs or (f"EPSG:{wanted.srid}" if wanted.srid else None)
    if crs is None:
        raise NoPicture("ảnh không nêu hệ tọa độ", "the picture names no reference system")
    with WarpedVRT(image, crs="EPSG:3857", src_crs=crs, add_alpha=not _has_alpha(image)) as flat:
        box, whole = (*flat.bounds,), True
        size = _size(flat.width, flat.height)
        if flat.width * flat.height > MOST_PIXELS:
            box, whole = _cut(box, view), False
            size = _size(*(ceil((box[i + 2] - box[i]) / max(view.resolution_m, flat.res[i])) for i in (0, 1)))
        window = flat.window(*box)
        bands = flat.read(out_shape=(flat.count, size[1], size[0]), window=window, resampling=_sampling(image, wanted))
        mask = bands[-1] if flat.colorinterp[-1] == ColorInterp.alpha else np.full(size[::-1], 255, np.uint8)
        data = bands[: image.count] if not _has_alpha(image) else bands[:-1]
        table = image.colormap(1) if image.count == 1 and image.colorinterp[0] == ColorInterp.palette else None
        rgba, scale = colors.painted(data, mask, wanted.category, unit=_unit(image, wanted), table=table)
    return Picture(rgba, (box[0], box[1], box[2], box[3]), scale), whole


def _has_alpha(image: rasterio.DatasetReader) -> bool:
    return image.count in {2, 4} and image.colorinterp[-1] == ColorInterp.alpha


def _placed(image: rasterio.DatasetReader, wanted: Wanted) -> MemoryFile:
    """A file that has no place of its own, laid into its footprint's box. Raises NoPicture."""
    if wanted.footprint is None or wanted.footprint.is_empty:
        raise NoPicture("ảnh không có vị trí", "the picture has no place")
    west, south, east, north = wanted.footprint.bounds
    width, height = _size(image.width, image.height)
    bands = image.read(out_shape=(image.count, height, width))
    place = rasterio.Affine((east - west) / width, 0, west, 0, (south - north) / height, north)
    shape = {"width": width, "height": height, "count": image.count, "dtype": bands.dtype.name}
    file = MemoryFile()
    with file.open(driver="GTiff", crs="EPSG:4326", transform=place, nodata=image.nodata, **shape) as laid:
        laid.write(bands)
        laid.colorinterp = image.colorinterp
        if image.count == 1 and image.colorinterp[0] == ColorInterp.palette:
            laid.write_colormap(1, image.colormap(1))
    return file


def _cut(box: Box, view: View) -> Box:
    """The part of the box that the view shows. Raises NoPicture when they are apart."""
    x0, y0, x1, y1 = view.bounds.mercator
    cut = max(box[0], x0), max(box[1], y0), min(box[2], x1), min(box[3], y1)
    if cut[0] >= cut[2] or cut[1] >= cut[3]:
        raise NoPicture("ảnh nằm ngoài khung nhìn", "the picture lies outside the view")
    return cut


def _size(width: int, height: int) -> tuple[int, int]:
    """Pixels across and down, at most ``MOST_PIXELS`` in all, at least one each."""
    share = min(1.0, sqrt(MOST_PIXELS / max(width * height, 1)))
    return max(1, int(width * share)), max(1, int(height * share))


def _sampling(image: rasterio.DatasetReader, wanted: Wanted) -> Resampling:
    """Classes and masks keep their values; pictures are smoothed."""
    if wanted.category == "flood_extent" or image.colorinterp[0] == ColorInterp.palette:
        return Resampling.nearest
    return Resampling.bilinear


def _unit(image: rasterio.DatasetReader, wanted: Wanted) -> str:
    return wanted.unit or next((unit for unit in image.units if unit), "") or ""


def footprint_box(shape: BaseGeometry | None) -> Box | None:
    """The footprint's box in EPSG:3857; None without one."""
    if shape is None or shape.is_empty:
        return None
    try:
        return Bounds(*shape.bounds).mercator
    except ValueError:
        return None
