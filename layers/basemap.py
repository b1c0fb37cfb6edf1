"""The basemap: sea with waterlines, land, lakes, rivers, unit lines, coast, islands, as 512 px tiles by Agg.

Style ``desk`` draws strokes 1.3 image px a screen px (a 512 px picture is shown at 256 to 512 px), ``wall`` 2.4,
which is 2.2 times the desk's strokes on a wall. The wall is dark only. Colours and widths: look.md 2.7.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log2
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image

from geodata.view import WORLD_M, Bounds, mercator
from layers import ground, lettering, palette
from layers.agg import Canvas, Ink, painted
from layers.ground import Box, Level
from layers.palette import BASEMAP, WATERLINE_ALPHA, WATERLINE_OFFSETS_PX, mix
from layers.streets import Streets

Style = Literal["desk", "wall"]
TILE_PX = 512
STROKE: dict[str, float] = {"desk": 1.3, "wall": 2.4}
"""Image px a screen px in a tile."""
DIM_FROM = 8  # zoom from which land outside the city is dimmed
FLAT_BELOW = 4  # zoom: the extract of the world that we have is too small a part of such a tile
INSET = Bounds(101.6, 5.6, 118.2, 24.2)
INSET_NAMES: Mapping[str, Sequence[tuple[float, float]]] = {
    "QĐ. Hoàng Sa": ((112.4, 14.4), (112.4, 18.6)),
    "QĐ. Trường Sa": ((111.9, 6.6), (111.9, 13.0)),
}
"""Words of the inset and where they stand (lon, lat): below their islands, above them when the view is there."""
COLORS = 64  # of a tile's palette: looks like true colour at a fifth of the bytes


def tile(
    z: int, x: int, y: int, style: str = "desk", *, city: str | None = None, streets: Streets | None = None
) -> bytes:
    """The PNG of an XYZ tile, 512 px. ``city`` is the id of the city that is not dimmed; None dims no city of ours.

    ``streets`` draws the city's own imported roads and water too.

    Any z, x, y gives a picture: far from Viet Nam and below zoom 4 it is flat sea.
    """
    if z < FLAT_BELOW:
        return flat()
    box = tile_box(z, x, y)
    drawn = scene(box, WORLD_M / TILE_PX / 2**z, z, STROKE[style], city=city, streets=streets)
    inks = [ink for ink in drawn if ink.lines]
    if not inks:
        return flat()
    return png(painted(box, TILE_PX, TILE_PX, inks, BASEMAP["sea"]).rgba()[..., :3])


def tile_box(z: int, x: int, y: int) -> Box:
    """EPSG:3857 box of an XYZ tile; tiles at the edge of the world included."""
    span = WORLD_M / 2**z
    west, north = x * span - WORLD_M / 2, WORLD_M / 2 - y * span
    return (west, north - span, west + span, north)


def picture(bounds: Bounds, width: int, height: int, k: float = 1.0, *, city: str | None = None) -> NDArray[np.uint8]:
    """RGB (height, width, 3) of any bounds, strokes k times their desk width: for still pictures and the inset."""
    box = bounds.mercator
    resolution = (box[2] - box[0]) / width
    zoom = log2(WORLD_M / 256 / resolution)
    return painted(box, width, height, scene(box, resolution, zoom, k, city=city), BASEMAP["sea"]).rgba()[..., :3]


@dataclass(frozen=True, slots=True)
class Inset:
    """The national inset: its picture and the bounds it shows."""

    rgb: NDArray[np.uint8]
    bounds: Bounds

    @property
    def png(self) -> bytes:
        return png(self.rgb)


def inset(style: str = "wall", size: tuple[int, int] = (398, 562), *, view: Bounds | None = None) -> Inset:
    """Viet Nam with Hoàng Sa and Trường Sa, named, for every wall scene and every print; ``view`` is boxed in white.

    ``size`` is width and height in px; names are 42 px at the wall's 398 px, and 12 px at the desk's 152 px.
    """
    width, height = size
    x0, _, x1, _ = INSET.mercator
    (_, south), (_, north) = (mercator(0, lat) for lat in (INSET.south, INSET.north))
    middle, half = (south + north) / 2, (x1 - x0) * height / width / 2
    box: Box = (x0, middle - half, x1, middle + half)
    resolution = (x1 - x0) / width
    k = width / 152
    level = ground.level(FLAT_BELOW)
    canvas = Canvas(box, width, height, 8, BASEMAP["sea"])
    for ink in _inset_inks(level, box, k, resolution):
        canvas.ink(ink)
    size_px = 16 if style == "wall" else 12
    ring = None if view is None else _ring(view, 5 * k * resolution)
    for name, places in INSET_NAMES.items():
        wide, high = lettering.width(name, size_px) * k * resolution / 2, 0.7 * size_px * k * resolution
        at = [mercator(lon, lat) for lon, lat in places]
        x, y = next((p for p in at if ring is None or not _meets(ring, p, (wide, high))), at[0])
        canvas.words(x, y, name, size_px * k, BASEMAP["island"])
    if ring is not None:
        x0, y0, x1, y1 = ring
        canvas.lines([np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])], palette.TEXT1, 1.6 * k)
    return Inset(canvas.rgba()[..., :3], Bounds.from_mercator(*box))


def _ring(view: Bounds, least: float) -> Box:
    """The box of a view, never smaller than twice ``least`` m."""
    a, b, c, d = view.mercator
    grow = max(0.0, least - (c - a) / 2)
    return a - grow, b - grow, c + grow, d + grow


def _meets(ring: Box, at: tuple[float, float], half: tuple[float, float]) -> bool:
    """Whether words around a place touch the box of the view."""
    a, b, c, d = ring
    return at[0] - half[0] < c and at[0] + half[0] > a and at[1] - half[1] < d and at[1] + half[1] > b


def _inset_inks(level: Level, box: Box, k: float, resolution: float) -> Iterator[Ink]:
    land, coast = ground.rings(level.land.within(box)), ground.lines(level.coast.within(box))
    yield Ink("stroke", coast, mix(BASEMAP["sea"], BASEMAP["waterline"], 0.18), 9 * k)
    yield Ink("stroke", coast, BASEMAP["sea"], 7.6 * k)
    yield Ink("fill", land, palette.BG[3])
    yield Ink("stroke", ground.lines(level.border.within(box)), BASEMAP["coast"], 0.8 * k, (2 * k, 1.6 * k))
    yield Ink("stroke", coast, BASEMAP["coast"], 0.6 * k)
    places = shapely.get_coordinates(level.island_points.within(box))
    yield Ink("fill", [disc(p, 1.1 * k * resolution) for p in places], BASEMAP["island"])


def png(rgb: NDArray[np.uint8]) -> bytes:
    """A palette PNG of an opaque picture."""
    out = io.BytesIO()
    Image.fromarray(rgb).quantize(COLORS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=False, compress_level=6
    )
    return out.getvalue()


@cache
def flat() -> bytes:
    """A tile of open sea."""
    sea = np.array([round(255 * c) for c in palette.rgb(BASEMAP["sea"])], dtype=np.uint8)
    return png(np.full((TILE_PX, TILE_PX, 3), sea, dtype=np.uint8))


def scene(
    box: Box, resolution: float, zoom: float, k: float, *, city: str | None = None, streets: Streets | None = None
) -> Iterator[Ink]:
    """What to paint for a box in EPSG:3857, from below: ``resolution`` m an image px, k image px a screen px.

    ``streets`` are the city's own imported roads and water.
    """
    level = ground.level(int(zoom + 0.5), city)
    smooth = zoom >= ground.SMOOTH_FROM
    reach = (WATERLINE_OFFSETS_PX[-1] + 8) * k * resolution
    if smooth:  # smoothing cuts the corners of the box that the land is clipped by: they must lie out of sight
        reach = max(reach, 3 * ground.CUT_M)
    wide: Box = (box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach)
    coast = ground.lines(level.coast.within(wide), smooth=smooth)
    land = ground.rings(level.land.within(wide), smooth=smooth)
    if land or coast:
        coasts = [coast, *(ground.lines(far.within(wide), smooth=smooth) for far in level.far_coasts)]
        yield from waterlines(coasts, k)
        yield Ink("fill", land, BASEMAP["outside" if zoom >= DIM_FROM else "land"])
        yield Ink("fill", ground.rings(level.city.within(wide), smooth=smooth), BASEMAP["land"])
        yield from unit_lines(level, wide, zoom, k)
        banks, streams = rivers(level, wide, zoom, k, resolution)
        yield from banks
        yield Ink("stroke", coast, BASEMAP["coast"], px(zoom, 0.9, 1.5, 2) * k * min(1, zoom / 8))
        yield from streams
        if streets is not None:
            yield from streets.inks(wide, zoom, k)
    yield from islands(level, wide, zoom, k, resolution)


def px(zoom: float, z8: float, z11: float, z14: float) -> float:
    """A width between those of zoom 8, 11 and 14, screen px."""
    return float(np.interp(zoom, (8, 11, 14), (z8, z11, z14)))


def waterlines(coasts: Sequence[list[NDArray[np.float64]]], k: float) -> Iterator[Ink]:
    """Lines at fixed distances from the coast, which give the sea depth without data.

    From the widest to the narrowest: a stroke of 2r + 1 px in the line's colour, then 2r − 1 px in the sea's.
    ``coasts`` grow coarser: for offsets under 20 px, under 50 px, and beyond.
    """
    for r, alpha in reversed(list(zip(WATERLINE_OFFSETS_PX, WATERLINE_ALPHA, strict=True))):
        coast = coasts[0 if r < 20 else 1 if r < 50 else 2]
        yield Ink("stroke", coast, mix(BASEMAP["sea"], BASEMAP["waterline"], alpha), (2 * r + 1) * k)
        yield Ink("stroke", coast, BASEMAP["sea"], (2 * r - 1) * k)


def unit_lines(level: Level, box: Box, zoom: float, k: float) -> Iterator[Ink]:
    """Ward lines from zoom 10, province lines dashed 12-5-3-5, the land border of the country."""
    if zoom >= 10:
        yield Ink("stroke", ground.lines(level.wards.within(box)), BASEMAP["ward"], px(zoom, 0.6, 0.8, 1.2) * k)
    dash = tuple(d * k for d in (12.0, 5.0, 3.0, 5.0))
    border = ground.lines(level.border.within(box))
    yield Ink("stroke", border, BASEMAP["border"], px(zoom, 1, 1.5, 2) * k, dash)
    provinces = ground.lines(level.provinces.within(box))
    yield Ink("stroke", provinces, BASEMAP["province"], px(zoom, 1, 1.5, 2) * k, dash)


def rivers(level: Level, box: Box, zoom: float, k: float, resolution: float) -> tuple[list[Ink], list[Ink]]:
    """Banks and water. Lines from zoom 8, the large rivers as water with banks from zoom 12; small ones come later.

    The water is painted after the coast, so that a mouth stays open.
    """
    banks, streams = [], []
    ranks = 0 if zoom < 7.5 else 2 if zoom < 9 else 3 if zoom < 10.5 else 4
    for rank in reversed(range(ranks)):
        stream = ground.lines(level.rivers[rank].within(box), smooth=True)
        width = ground.RIVER_WIDTH_M[rank] / resolution
        if zoom < 11.5 or width < 4 * k:
            line = px(zoom, 0.8, 2, 2.4) * k * (1, 0.8, 0.55, 0.4)[rank]
            banks.append(Ink("stroke", stream, BASEMAP["river"], line))
            continue
        bank, wide = mix(BASEMAP["land"], BASEMAP["coast"], 0.85), width + 2 * px(zoom, 1, 1, 1.4) * k
        banks.append(Ink("stroke", stream, bank, wide, cap="butt"))
        ends = [disc(p, wide / 2 * resolution) for p in dead_ends(level, stream, resolution)]
        banks.append(Ink("fill", ends, bank))
        streams.append(Ink("stroke", stream, BASEMAP["sea"], width))
        for offset, alpha in zip(WATERLINE_OFFSETS_PX[1:3], WATERLINE_ALPHA[1:3], strict=True):
            inner = width - 2 * offset * k
            if inner > 5 * k:
                streams.append(Ink("stroke", stream, mix(BASEMAP["sea"], BASEMAP["waterline"], alpha), inner + k))
                streams.append(Ink("stroke", stream, BASEMAP["sea"], inner - k))
    return banks, streams


def dead_ends(level: Level, stream: Sequence[NDArray[np.float64]], resolution: float) -> list[NDArray[np.float64]]:
    """Ends of river lines that lie in no lake: their bank goes round. At a mouth it stays open."""
    ends = [line[i] for line in stream for i in (0, -1)]
    if not ends or not len(level.mouths.geometries):
        return ends
    near = level.mouths.tree.query_nearest(
        shapely.points(np.array(ends)), max_distance=4 * resolution, all_matches=False
    )
    mouths = set(near[0].tolist())
    return [end for i, end in enumerate(ends) if i not in mouths]


def islands(level: Level, box: Box, zoom: float, k: float, resolution: float) -> Iterator[Ink]:
    """Hoàng Sa and Trường Sa at every zoom: their shores, and a dot on each named island."""
    shores = ground.rings(level.island_shores.within(box), smooth=zoom >= ground.SMOOTH_FROM)
    if zoom >= 8:
        yield Ink("fill", shores, mix(BASEMAP["land"], BASEMAP["island"], 0.35))
        yield Ink("stroke", shores, BASEMAP["island"], px(zoom, 0.8, 1.2, 1.6) * k)
    places = shapely.get_coordinates(level.island_points.within(box))
    radius = px(zoom, 1.3, 2, 2.5) * k
    yield Ink("fill", [disc(p, (radius + k) * resolution) for p in places], BASEMAP["sea"])
    yield Ink("fill", [disc(p, radius * resolution) for p in places], BASEMAP["island"])


def disc(center: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """A closed ring of 16 sides."""
    angle = np.linspace(0, 2 * np.pi, 17)
    return center + radius * np.column_stack((np.cos(angle), np.sin(angle)))
