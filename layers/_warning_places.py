"""Where in its area a warning says what it is, how large the area is, and which wards lie in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.geography import APPROXIMATE, collection
from geodata.view import View, mercator
from layers import badges, palette, words
from layers.labels import Boxes
from layers.lettering import width

MOST_LABELS = 12
"""A picture holds no more words of warnings; the others keep their area and stand in the list (look.md 3.3)."""

FAR = 7.5
"""Under it only the glyphs."""

GLYPH_SCALE = 1.3
GLYPH_PX = 13.0
LINE_PX, SECOND_PX = 14.0, 12.0
FIRST_DY, SECOND_DY = 23.0, 39.0
DRILL_DYS = (0.0, 17.0)
LEAST_ALONE = 0.12
"""Share of an area that must be free of smaller warnings for its words to stand there."""

TRIES = 9
RIM_PX = 8.0
SIMPLER_PX, CLOSED_PX = 0.7, 5.0
NAMED = 6


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the glyph of a warning stands (EPSG:3857) and the lines under it, ``dys`` px from it."""

    key: Hashable
    x: float
    y: float
    lines: tuple[str, ...]
    dys: tuple[float, ...]


def degree_px(view: View) -> float:
    """Degrees of longitude a pixel."""
    return (view.bounds.east - view.bounds.west) / view.width_px


def area_km2(shapes: gpd.GeoSeries) -> pd.Series[float]:
    """Square kilometres by the equal-area plane of the world (EPSG:6933); NaN without an area."""
    plane = shapes.to_crs(6933).area / 1e6
    found: pd.Series[float] = plane.where(plane > 0)
    return found


def inside(row: pd.Series[Any], language: str) -> dict[str, str]:
    """How large the area is and the wards whose middle lies in it; whether its line is approximate."""
    vi = language == "vi"
    shape = row.geometry
    if shape is None or shape.is_empty:
        return {("Trên bản đồ" if vi else "On the map"): "không vẽ được vùng" if vi else "no area to draw"}
    size = words.quantity(row["area_km2"], None, 0, language)
    facts = {("Diện tích" if vi else "Size"): f"{size}{words.THIN}km²"}
    names = wards_in(shape)
    if names:
        first = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
        facts["Phường, xã" if vi else "Wards"] = f"{words.number(len(names), 0, language)}: {first}"
    if row["area_from"] in {"units", "words"}:
        by = ("theo mã đơn vị", "by unit code") if row["area_from"] == "units" else ("theo tên đơn vị", "by unit name")
        facts["Ranh giới" if vi else "Outline"] = f"{APPROXIMATE['vi' if vi else 'en']}, {by[0 if vi else 1]}"
    return facts


@cache
def _points() -> tuple[np.ndarray, tuple[str, ...]]:
    wards = collection("wards")
    return shapely.point_on_surface(wards.geometry.to_numpy()), tuple(wards["name"])


def wards_in(shape: shapely.Geometry) -> list[str]:
    """Names of today's wards whose middle lies in the area."""
    points, names = _points()
    shapely.prepare(shape)
    return [names[i] for i in np.flatnonzero(shapely.intersects(shape, points))]


def spots(shown: gpd.GeoDataFrame, view: View, lines: Callable[[pd.Series[Any]], tuple[str, str]]) -> Iterator[Spot]:
    """The most severe first: a place in what of the area is seen and bears no smaller warning, clear of the others."""
    k = palette.WALL_FACTOR if view.width_px > badges.WALL_FROM_PX else 1.0
    scale = view.resolution_m * k
    seen = shapely.intersection(shown.geometry.to_numpy(), _window(view, 40 * k))
    order = [i for i in range(len(shown) - 1, -1, -1) if not seen[i].is_empty][:MOST_LABELS]
    boxes = Boxes()
    for i in order:
        row = shown.iloc[i]
        above = shapely.union_all([seen[j] for j in order if j > i] or [shapely.Point()])
        alone = shapely.difference(seen[i], above)
        where = alone if alone.area >= LEAST_ALONE * seen[i].area else seen[i]
        said: tuple[str, ...] = lines(row)
        dys: tuple[float, ...] = DRILL_DYS if row["drill"] else (FIRST_DY, SECOND_DY)
        if view.zoom < FAR and not row["drill"]:
            said, dys = (), ()
        found = _free(list(_candidates(where, view)), said, dys, _Screen(boxes, scale, _rim(view, scale)))
        if found is not None:
            (x, y), fitting = found
            yield Spot(shown.index[i], x, y, said if fitting else (), dys if fitting else ())


def _window(view: View, margin_px: float) -> shapely.Geometry:
    """The view without its rim, EPSG:4326: words stand whole in the picture."""
    across = min(margin_px * degree_px(view), (view.bounds.east - view.bounds.west) / 4)
    up = min(margin_px * degree_px(view), (view.bounds.north - view.bounds.south) / 4)
    b = view.bounds
    return shapely.box(b.west + across, b.south + up, b.east - across, b.north - up)


def _candidates(where: shapely.Geometry, view: View) -> Iterator[tuple[float, float]]:
    """Places in the area, EPSG:3857: the middle of the widest part, then spread over it, then so of the next parts."""
    parts = [p for p in shapely.get_parts(where) if p.geom_type == "Polygon" and p.area > 0]
    squeeze = cos(radians((view.bounds.south + view.bounds.north) / 2))
    for part in sorted(parts, key=lambda p: -p.area)[:3]:
        flat = shapely.transform(part, lambda c: c * [squeeze, 1.0])
        middle = shapely.maximum_inscribed_circle(flat, tolerance=max(flat.area**0.5 / 50, 1e-6)).coords[0]
        yield mercator(middle[0] / squeeze, middle[1])
        x0, y0, x1, y1 = part.bounds
        steps = (np.arange(TRIES) + 0.5) / TRIES
        grid = shapely.points([(x0 + (x1 - x0) * u, y0 + (y1 - y0) * v) for v in steps[::-1] for u in steps])
        inner = grid[shapely.contains(part, grid)]
        depth = shapely.distance(inner, part.exterior)
        for point in inner[np.argsort(-depth, kind="stable")]:
            yield mercator(point.x, point.y)


@dataclass(frozen=True, slots=True)
class _Screen:
    """Boxes taken, metres a px, and the picture's own box: px of the desk from the corner of EPSG:3857, y downwards."""

    boxes: Boxes
    scale: float
    rim: tuple[float, float, float, float]

    def take(self, wanted: Sequence[tuple[float, float, float, float]]) -> bool:
        """Whether all boxes are free and whole in the picture; then they are taken."""
        x0, y0, x1, y1 = self.rim
        if any(a < x0 or b < y0 or c > x1 or d > y1 for a, b, c, d in wanted):
            return False
        if not all(self.boxes.free(box, gap=3) for box in wanted):
            return False
        for box in wanted:
            self.boxes.take(box)
        return True


def _rim(view: View, scale: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = view.bounds.mercator
    return x0 / scale + RIM_PX, -y1 / scale + RIM_PX, x1 / scale - RIM_PX, -y0 / scale - RIM_PX


def _free(
    places: Sequence[tuple[float, float]], said: Sequence[str], dys: Sequence[float], screen: _Screen
) -> tuple[tuple[float, float], bool] | None:
    """The first place where glyph and lines are clear of others; else where the glyph alone is; else nowhere."""
    for text in (True, False):
        for x, y in places:
            px, py = x / screen.scale, -y / screen.scale
            wanted = [(px - GLYPH_PX, py - GLYPH_PX, px + GLYPH_PX, py + GLYPH_PX)]
            for line, dy in zip(said, dys, strict=True) if text else ():
                half, high = width(line, LINE_PX, 700) / 2, SECOND_PX / 2 + 2
                wanted.append((px - half, py + dy - high, px + half, py + dy + high))
            if screen.take(wanted[1:] if len(dys) and not dys[0] and text else wanted):
                return (x, y), text
    return None


def outlines(rows: gpd.GeoDataFrame, view: View) -> np.ndarray:
    """The areas as they are drawn: points closer than the eye sees left out; of areas made of wards, whose line is
    approximate, gaps of a few px (a lagoon from afar) closed.
    """
    step = degree_px(view) * (palette.WALL_FACTOR if view.width_px > badges.WALL_FROM_PX else 1.0)
    shapes = rows.geometry.to_numpy()
    rough = rows["area_from"].isin(["units", "words"]).to_numpy()
    closed = shapely.buffer(
        shapely.buffer(shapes, CLOSED_PX * step, join_style="mitre"), -CLOSED_PX * step, join_style="mitre"
    )
    found: np.ndarray = shapely.simplify(np.where(rough, closed, shapes), SIMPLER_PX * step)
    return found
