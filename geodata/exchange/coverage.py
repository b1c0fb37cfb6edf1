"""An image with bounds: GeoTIFF, or PNG and JPEG with a world file. Only the header is read; the file stays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from PIL import Image, UnidentifiedImageError

from geodata import crs
from geodata.exchange.errors import CRSConflict, NoBounds, NoCRS, Unreadable
from geodata.records import Coverage

MEDIA_TYPES = {"TIFF": "image/tiff; application=geotiff", "PNG": "image/png", "JPEG": "image/jpeg"}
WORLD_FILES = {"PNG": (".pgw", ".pngw", ".wld"), "JPEG": (".jgw", ".jpgw", ".wld"), "TIFF": (".tfw", ".tifw", ".wld")}

_PIXEL_SCALE, _TIEPOINT, _TRANSFORMATION, _GEO_KEYS = 33550, 33922, 34264, 34735  # tags of OGC GeoTIFF 1.1
_GEOGRAPHIC, _PROJECTED, _RASTER_TYPE = 2048, 3072, 1025  # its keys
_PIXEL_IS_POINT = 2

Affine = tuple[float, float, float, float, float, float]
"""x = a·column + b·row + c, y = d·column + e·row + f, from the outer corner of the first pixel."""


def read(path: Path, *, time: datetime, srid: int | None = None, category: str | None = None) -> Coverage:
    """The image's footprint in EPSG:4326. Id: the file's name; href: where it is now, as a file URI.

    Raises Unreadable, NoBounds, NoCRS, CRSConflict, OutsideVietNam.
    """
    try:
        with Image.open(path) as image:
            kind, width, height = image.format or "", image.width, image.height
            tags = dict(image.getexif()) if kind == "TIFF" else {}
    except (OSError, UnidentifiedImageError) as error:
        raise Unreadable(path=path, reason="no such image" if not path.exists() else "not an image") from error
    affine = _from_tags(tags) or _from_world_file(path, kind)
    if affine is None:
        raise NoBounds(path=path, reason="neither GeoTIFF tags nor a world file beside it")
    said = _code(tags)
    if said is not None and srid is not None and said != srid:
        raise CRSConflict(path=path, found=said, told=srid)
    code = said or srid
    if code is None:
        raise NoCRS(path=path)
    footprint = _footprint(affine, width, height)
    points = shapely.get_coordinates(footprint)
    crs.require_viet_nam(points[:, 0], points[:, 1], code)
    return Coverage(
        id=path.name,
        time=time,
        href=path.absolute().as_uri(),
        geometry=crs.reproject(footprint, code, 4326),
        category=category,
        media_type=MEDIA_TYPES.get(kind, "application/octet-stream"),
        properties={"width_px": width, "height_px": height, "srid": code, "affine": list(affine)},
    )


def _from_tags(tags: dict[int, object]) -> Affine | None:
    half = 0.5 if _keys(tags).get(_RASTER_TYPE) == _PIXEL_IS_POINT else 0.0
    matrix = tags.get(_TRANSFORMATION)
    if isinstance(matrix, tuple) and len(matrix) == 16:
        a, b, _, c, d, e, _, f = (float(value) for value in matrix[:8])
        return a, b, c - half * (a + b), d, e, f - half * (d + e)
    scale, tie = tags.get(_PIXEL_SCALE), tags.get(_TIEPOINT)
    if isinstance(scale, tuple) and isinstance(tie, tuple) and len(tie) >= 6:
        sx, sy = float(scale[0]), float(scale[1])
        column, row, _, x, y, _ = (float(value) for value in tie[:6])
        return sx, 0.0, x - (column + half) * sx, 0.0, -sy, y + (row + half) * sy
    return None


def _keys(tags: dict[int, object]) -> dict[int, int]:
    """GeoKeys whose value stands in the directory itself."""
    directory = tags.get(_GEO_KEYS)
    if not isinstance(directory, tuple) or len(directory) < 8:
        return {}
    entries = np.array(directory[4 : 4 + (len(directory) // 4 - 1) * 4]).reshape(-1, 4)
    return {int(key): int(value) for key, place, _, value in entries if place == 0}


def _code(tags: dict[int, object]) -> int | None:
    keys = _keys(tags)
    found = keys.get(_PROJECTED, keys.get(_GEOGRAPHIC))
    return None if found in {None, 32767} else found  # 32767: user-defined


def _from_world_file(path: Path, kind: str) -> Affine | None:
    """Six lines: a, d, b, e, and x, y of the middle of the first pixel."""
    for suffix in WORLD_FILES.get(kind, ()):
        beside = path.with_suffix(suffix)
        if beside.exists():
            try:
                a, d, b, e, x, y = (float(line) for line in beside.read_text(encoding="ascii").split())
            except ValueError as error:
                raise NoBounds(path=path, reason=f"{beside.name} is not a world file of six numbers") from error
            return a, b, x - (a + b) / 2, d, e, y - (d + e) / 2
    return None


def _footprint(affine: Affine, width: int, height: int) -> shapely.Polygon:
    """The image's outline with 8 points a side, so that it stays true in another projection."""
    a, b, c, d, e, f = affine
    ring = shapely.segmentize(shapely.box(0, 0, width, height), max(width, height) / 8)
    return shapely.transform(ring, lambda p: np.column_stack([p @ [a, b] + c, p @ [d, e] + f]))
