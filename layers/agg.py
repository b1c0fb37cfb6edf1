"""Painting with Agg, matplotlib's rasteriser: the basemap's tiles and every picture made without a browser.

A ``Canvas`` is a picture of some bounds in EPSG:3857 with a gutter around it: Agg clips unfilled paths to its
canvas before it strokes them, so a coast just outside would lose its wide stroke.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray
from PIL import Image

from layers import lettering, palette
from layers.drawing import drawing
from layers.pen import Shape, Words
from layers.shapes import mpl_path

Lines = Sequence[NDArray[np.float64]]
RGBA = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ink:
    """One stroke or fill of the basemap: coordinate arrays (n, 2) in EPSG:3857, width and dash in image px."""

    kind: Literal["fill", "stroke"]
    lines: Lines
    color: str
    width: float = 0
    dash: tuple[float, ...] = ()
    cap: Literal["round", "butt"] = "round"


def joined(lines: Lines, *, closed: bool) -> Path:
    """One matplotlib path of all the lines; closed ones are rings whose last point repeats the first."""
    codes = []
    for line in lines:
        code = np.full(len(line), Path.LINETO, dtype=np.uint8)
        code[0] = Path.MOVETO
        if closed:
            code[-1] = Path.CLOSEPOLY
        codes.append(code)
    path = Path(np.concatenate(lines), np.concatenate(codes))
    path.should_simplify = False
    return path


def rgba(color: str, alpha: float = 1) -> RGBA:
    """``#RRGGBB`` or ``#RRGGBBAA`` and an opacity as four numbers."""
    own = int(color[7:9], 16) / 255 if len(color) == 9 else 1.0
    return (*palette.rgb(color), own * alpha)


class Canvas:
    """A picture being painted. ``bounds`` is (x0, y0, x1, y1) in EPSG:3857 m; ``gutter`` in px on every side."""

    def __init__(
        self, bounds: tuple[float, float, float, float], width: int, height: int, gutter: int = 0, ground: str = ""
    ) -> None:
        self.width, self.height, self.gutter = width, height, gutter
        self.resolution = (bounds[2] - bounds[0]) / width
        self._renderer = RendererAgg(width + 2 * gutter, height + 2 * gutter, 72)  # 72 dpi: a point is a pixel
        # Agg's own y grows upwards, its buffer is stored from above
        self._to_px = (
            Affine2D()
            .translate(-bounds[0], -bounds[1])
            .scale(1 / self.resolution, height / (bounds[3] - bounds[1]))
            .translate(gutter, gutter)
        )
        if ground:
            full = Path([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)], closed=True)
            size = Affine2D().scale(width + 2 * gutter, height + 2 * gutter)
            self._draw(full, size, fill=rgba(ground))

    def ink(self, ink: Ink) -> None:
        """One stroke or fill of the basemap."""
        if not ink.lines:
            return
        path = joined(ink.lines, closed=ink.kind == "fill")
        if ink.kind == "fill":
            self._draw(path, self._to_px, fill=rgba(ink.color))
        else:
            cap = "butt" if ink.dash else ink.cap
            _stroke(self._renderer, path, self._to_px, rgba(ink.color), ink.width, ink.dash, cap)

    def lines(self, lines: Lines, color: str, width: float, *, alpha: float = 1, dash: tuple[float, ...] = ()) -> None:
        """Open lines in EPSG:3857; width and dash in px."""
        if lines:
            path = joined(lines, closed=False)
            self._draw(path, self._to_px, stroke=rgba(color, alpha), width=width, dash=dash)

    def area(
        self, rings: Lines, fill: str, alpha: float, edge: str, width: float, dash: tuple[float, ...] = ()
    ) -> None:
        """One area from its rings (EPSG:3857, first point repeated): fill with that opacity, opaque edge in px."""
        path = joined(rings, closed=True)
        self._draw(path, self._to_px, fill=rgba(fill, alpha))
        if width:
            self._draw(path, self._to_px, stroke=rgba(edge), width=width, dash=dash)

    def hatch(self, rings: Lines, color: str, alpha: float, gap: float, width: float) -> None:
        """45° lines in px over an area: drawn over its box, kept where the area is."""
        size = self.width + 2 * self.gutter, self.height + 2 * self.gutter
        mask = RendererAgg(*size, 72)
        gc = mask.new_gc()
        gc.set_linewidth(0)
        mask.draw_path(gc, joined(rings, closed=True), self._to_px, (1, 1, 1, 1))
        kept = np.asarray(mask.buffer_rgba())[..., 3].astype(np.float64) / 255
        h, w = kept.shape
        step = round(gap * 2**0.5)
        starts = np.arange(-h, w + h, step, dtype=float)
        strokes = [np.array([(s, 0.0), (s + h, float(h))]) for s in starts]
        pattern = RendererAgg(w, h, 72)
        _stroke(pattern, joined(strokes, closed=False), Affine2D(), (1, 1, 1, 1), width)
        over = np.asarray(pattern.buffer_rgba())[..., 3].astype(np.float64) / 255 * kept * alpha
        buffer = np.asarray(self._renderer.buffer_rgba())
        paint = 255 * np.array(palette.rgb(color))
        buffer[..., :3] = np.rint(buffer[..., :3] * (1 - over[..., None]) + paint * over[..., None]).astype(np.uint8)
        buffer[..., 3] = np.maximum(buffer[..., 3], np.rint(255 * over).astype(np.uint8))

    def paste(self, picture: NDArray[np.uint8], alpha: float = 1) -> None:
        """Lay an RGBA picture of the canvas' size (without gutter) over what is there."""
        g = self.gutter
        buffer = np.asarray(self._renderer.buffer_rgba())[g : g + self.height, g : g + self.width]
        under = Image.fromarray(buffer.copy())
        over = picture.copy()
        over[..., 3] = np.rint(over[..., 3] * alpha).astype(np.uint8)
        buffer[...] = np.asarray(Image.alpha_composite(under, Image.fromarray(over)))

    def image(self, picture: NDArray[np.uint8], box: tuple[float, float, float, float], alpha: float = 1) -> None:
        """Lay an RGBA picture of a box in EPSG:3857 over what is there, stretched to its place."""
        (x0, y0), (x1, y1) = (self._to_px.transform(corner) for corner in (box[:2], box[2:]))
        g, size = self.gutter, (self.width, self.height)
        if x1 <= x0 or y1 <= y0:
            return
        back = ((picture.shape[1] / (x1 - x0)), (picture.shape[0] / (y1 - y0)))
        # PIL wants the source's place of each target px; rows go down, the canvas' y goes up
        top = self.height + 2 * g - y1
        to_source = (back[0], 0, (g - x0) * back[0], 0, back[1], (g - top) * back[1])
        placed = Image.fromarray(picture).transform(size, Image.Transform.AFFINE, to_source, Image.Resampling.BILINEAR)
        self.paste(np.asarray(placed), alpha)

    def mark(self, x: float, y: float, row: Mapping[str, Any], k: float = 1) -> None:
        """The mark of a row (columns as in ``layers.marks``) at x, y in EPSG:3857, k times its desk size."""
        ops, alpha = drawing(row)
        px, py = self._to_px.transform((x, y))
        scale = k * float(row.get("scale") or 1)
        place = Affine2D().scale(scale, -scale).translate(px, py)
        for op in ops:
            if isinstance(op, Words):
                self._words(op, place, scale, alpha)
            else:
                self._shape(op, place, scale, alpha)

    def words(self, x: float, y: float, text: str, size: float, color: str, weight: int = 400) -> None:
        """Text with a halo, centred at x, y in EPSG:3857; size in px."""
        px, py = self._to_px.transform((x, y))
        self._words(
            Words(text, (0, 0), size, weight, color, halo=True), Affine2D().scale(1, -1).translate(px, py), 1, 1
        )

    def _shape(self, op: Shape, place: Affine2D, scale: float, alpha: float) -> None:
        own = Affine2D().rotate_deg(op.turn).translate(*op.at)
        fill = rgba(op.fill, alpha) if op.fill else None
        path = mpl_path(op.path)
        if fill:
            self._draw(path, own + place, fill=fill)
        if op.stroke:
            dash = tuple(d * scale for d in op.dash)
            self._draw(path, own + place, stroke=rgba(op.stroke, alpha), width=op.width * scale, dash=dash)

    def _words(self, op: Words, place: Affine2D, scale: float, alpha: float) -> None:
        path, advance = lettering.outline(op.text, op.size, op.weight, italic=op.italic, tracking=op.tracking)
        if path is None:
            return
        x = op.at[0] - (advance / 2 if op.anchor == "middle" else 0)
        y = op.at[1] + lettering.CAP_HEIGHT / 2 * op.size
        move = Affine2D().translate(x, y) + place
        if op.halo:
            self._draw(path, move, stroke=rgba(palette.BG[0], 0.85 * alpha), width=0.32 * op.size * scale)
        self._draw(path, move, fill=rgba(op.color, alpha))

    def _draw(
        self,
        path: Path,
        transform: Transform,
        *,
        fill: RGBA | None = None,
        stroke: RGBA | None = None,
        width: float = 0,
        dash: tuple[float, ...] = (),
    ) -> None:
        if fill is not None:
            gc = self._renderer.new_gc()
            gc.set_linewidth(0)
            gc.set_alpha(fill[3])
            gc.set_snap(False)
            self._renderer.draw_path(gc, path, transform, fill)
        if stroke is not None and width > 0:
            _stroke(self._renderer, path, transform, stroke, width, dash)

    def rgba(self) -> NDArray[np.uint8]:
        """The picture without its gutter, (height, width, 4) uint8, straight alpha."""
        g = self.gutter
        return np.asarray(self._renderer.buffer_rgba())[g : g + self.height, g : g + self.width].copy()


def _stroke(
    renderer: RendererAgg,
    path: Path,
    transform: Transform,
    color: RGBA,
    width: float,
    dash: tuple[float, ...] = (),
    cap: Literal["round", "butt"] | None = None,
) -> None:
    gc = renderer.new_gc()
    gc.set_linewidth(width)
    gc.set_joinstyle("round")
    gc.set_capstyle(cap or ("butt" if dash else "round"))
    gc.set_foreground(color, isRGBA=True)
    gc.set_alpha(color[3])
    gc.set_snap(False)  # snapping would shift straight shapes against the canvas' and break lines at tile edges
    if dash:
        gc.set_dashes(0, dash)
    renderer.draw_path(gc, path, transform, None)


def painted(
    bounds: tuple[float, float, float, float], width: int, height: int, inks: Iterable[Ink], ground: str
) -> Canvas:
    """A canvas of those bounds with the inks on it, its gutter wide enough for the widest stroke."""
    inks = list(inks)
    widest = max((ink.width for ink in inks), default=0)
    canvas = Canvas(bounds, width, height, int(widest / 2) + 4, ground)
    for ink in inks:
        canvas.ink(ink)
    return canvas
