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
from layers.base import Among
from layers.labels import Box, Boxes, touched
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
WALL_SCALE = 1.5
"""Of words on a wall: 14 desk px are 46 px of a picture 2160 px high, what six metres ask for (look.md 3.3)."""

WALL_DY = 31.0
WALL_DRILL_DYS = (0.0, 26.0)
LEAST_ALONE = 0.12
"""Share of an area that must be free of smaller warnings for its words to stand there."""

TRIES = 9
RIM_PX = 8.0
SIMPLER_PX, CLOSED_PX = 0.7, 5.0
CLEAR_PX = 5.0
NAMED = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A line of words: its middle is ``dy`` desk px under the glyph's."""

    text: str
    dy: float
    kind: str
    scale: float = 1.0

    @property
    def box(self) -> Box:
        """Around the glyph's middle, desk px."""
        half = width(self.text, LINE_PX, 700) / 2 * self.scale
        high = (SECOND_PX / 2 + 2) * self.scale
        return -half, self.dy - high, half, self.dy + high


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the glyph of a warning stands (EPSG:3857), and the lines under it."""

    key: Hashable
    x: float
    y: float
    lines: tuple[Line, ...]


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


def spots(
    shown: gpd.GeoDataFrame,
    view: View,
    lines: Callable[[pd.Series[Any]], tuple[str, str]],
    among: Among | None = None,
) -> Iterator[Spot]:
    """The most severe first: a place in what of the area is seen and bears no smaller warning, clear of the others.

    ``among`` is what the other layers have drawn, in px of the view.
    """
    k = palette.WALL_FACTOR if among is None and view.width_px > badges.WALL_FROM_PX else 1.0
    seen = shapely.intersection(shown.geometry.to_numpy(), _window(view, 40 * k))
    order = [i for i in range(len(shown) - 1, -1, -1) if not seen[i].is_empty][:MOST_LABELS]
    screen = _Screen.of(view, k, among)
    for i in order:
        row = shown.iloc[i]
        above = shapely.union_all([seen[j] for j in order if j > i] or [shapely.Point()])
        alone = shapely.difference(seen[i], above)
        where = alone if alone.area >= LEAST_ALONE * seen[i].area else seen[i]
        drill = bool(row["drill"])
        said = _lines(lines(row), drill=drill, wall=among is not None and among.wall)
        if view.zoom < FAR and not drill:
            said = ()
        found = _free(list(_candidates(where, view)), said, screen, glyph=not drill)
        if found is not None:
            (x, y), fitting = found
            yield Spot(shown.index[i], x, y, said if fitting else ())


def _lines(said: tuple[str, str], *, drill: bool, wall: bool) -> tuple[Line, ...]:
    """As they stand: on a wall larger, and only what it is, for until when stands in the list."""
    first, second = said
    if wall and not drill:
        return (Line(first, WALL_DY, "warning", WALL_SCALE),)
    if drill:
        a, b = WALL_DRILL_DYS if wall else DRILL_DYS
        scale = WALL_SCALE if wall else 1.0
        return Line(first, a, "warning", scale), Line(second, b, "place", scale)
    return Line(first, FIRST_DY, "warning"), Line(second, SECOND_DY, "place")


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
    """What is taken of the picture: desk px from its upper left corner. ``hard`` and ``soft``: see ``Among``."""

    view: View
    k: float
    boxes: Boxes
    hard: np.ndarray
    soft: np.ndarray

    @classmethod
    def of(cls, view: View, k: float, among: Among | None) -> _Screen:
        none = np.empty((0, 4))
        return cls(view, k, Boxes(), none if among is None else among.hard, none if among is None else among.soft)

    def at(self, place: tuple[float, float], box: Box) -> Box:
        """A box around a place in EPSG:3857."""
        x0, _, _, y1 = self.view.bounds.mercator
        scale = self.view.resolution_m * self.k
        x, y = (place[0] - x0) / scale, (y1 - place[1]) / scale
        return x + box[0], y + box[1], x + box[2], y + box[3]

    def fits(self, wanted: Sequence[Box]) -> bool:
        """Whether the boxes lie whole in the picture and touch no other warning's."""
        w, h = self.view.width_px / self.k - RIM_PX, self.view.height_px / self.k - RIM_PX
        return all(
            x0 >= RIM_PX and y0 >= RIM_PX and x1 <= w and y1 <= h and self.boxes.free((x0, y0, x1, y1), gap=3)
            for x0, y0, x1, y1 in wanted
        )

    def covers(self, wanted: Sequence[Box]) -> tuple[int, int]:
        """How many hard and soft boxes they would cover."""
        return (
            sum(touched(self.hard, box, CLEAR_PX) for box in wanted),
            sum(touched(self.soft, box, 0) for box in wanted),
        )


def _free(
    places: Sequence[tuple[float, float]], said: Sequence[Line], screen: _Screen, *, glyph: bool
) -> tuple[tuple[float, float], bool] | None:
    """The place where glyph and lines cover least of the quiet marks and nothing else; else where the glyph alone
    covers least; nowhere when no place is free of other warnings.
    """
    own = [(-GLYPH_PX, -GLYPH_PX, GLYPH_PX, GLYPH_PX)] if glyph else []
    for text in (True, False) if said else (False,):
        best: tuple[float, float] | None = None
        least = (1, 0) if text else (len(screen.hard) + 1, 0)
        boxes = [*own, *(line.box for line in said)] if text else own
        if not boxes:
            return None
        for place in places:
            wanted = [screen.at(place, box) for box in boxes]
            if not screen.fits(wanted):
                continue
            covers = screen.covers(wanted)
            if covers < least:
                best, least = place, covers
            if least == (0, 0):
                break
        if best is not None:
            for box in boxes:
                screen.boxes.take(screen.at(best, box))
            return best, text
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
