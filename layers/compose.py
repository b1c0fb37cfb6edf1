"""Layers in one picture: ``figure`` for pages, ``overlay`` and ``live`` for notebooks, ``still`` for files.

All four take the elements that the layers draw, so an object has the same mark everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
from holoviews.streams import RangeXY
from PIL import Image

from geodata.view import Bounds, View
from layers import basemap, palette, settling, wordboxes
from layers.agg import Canvas, painted
from layers.base import Layer, RasterLayer, get
from layers.elements import Areas, Marks, columns, spoken
from layers.labels import labels
from layers.mapfigure import LINE_CASING_PX, K, MapFigure, area_columns, dash_px, image_rgba, path_columns
from layers.order import stacked, style_of
from layers.streets import Streets

if TYPE_CHECKING:
    from geodata.store.reader import Reader

__all__ = ["MapFigure", "figure", "live", "overlay", "still"]

DENSITY_ALPHA = 0.7


def figure(
    view: View,
    style: str = "desk",
    tools: Sequence[Any] | None = None,
    *,
    k: float | None = None,
    language: str = "vi",
) -> MapFigure:
    """A map for a page: style ``desk`` (tools: pan, wheel, tap, or those given) or ``wall`` (no hand).

    ``k`` multiplies every mark; None takes 1 on the desk and 2.2 on the wall, which is right for a height of 2160 px.
    ``language`` writes the numbers of marks as that language does.
    """
    return MapFigure(view, style, tools, k, language)


def still(
    reader: Reader | None,
    layer_ids: Sequence[str],
    view: View,
    style: str = "desk",
    *,
    city: str | None = None,
    language: str = "vi",
    load: Callable[[Layer, View], gpd.GeoDataFrame] | None = None,
) -> Image.Image:
    """The picture of a view without a browser: RGB, width_px × height_px of the view.

    ``basemap`` among the layers draws land, sea and labels; with it alone no reader is needed. ``wall`` draws
    strokes, marks and labels 2.2 times as large. ``load`` replaces ``Layer.load`` (a page's filters). Raises
    UnknownName for a layer that is none.
    """
    k = K[style]
    width, height = view.width_px, view.height_px
    box = view.bounds.mercator
    with_map = "basemap" in layer_ids
    streets = Streets.read(reader, view) if with_map and reader is not None else None
    inks = basemap.scene(box, view.resolution_m, view.zoom, k, city=city, streets=streets) if with_map else ()
    canvas = painted(box, width, height, inks, palette.BASEMAP["sea"])
    drawn: dict[str, tuple[gpd.GeoDataFrame, Any]] = {}
    for layer in sorted((get(i) for i in layer_ids if i != "basemap"), key=lambda one: one.z_order):
        assert reader is not None, "layers other than the basemap are read from a store"
        density = _density(layer, reader, view)
        if density is not None:
            canvas.paste(density, DENSITY_ALPHA)
        frame = layer.load(reader, view) if load is None else load(layer, view)
        drawn[layer.service] = frame, layer.draw(frame, view)
    elements = _from_below(drawn, settling.Picture(view=view, k=k, language=language, wall=style == "wall"))
    for element in elements:
        paint(canvas, spoken(element, language), k)
    if with_map:
        marks_ = [one for one in elements if isinstance(one, Marks) and len(one)]
        near = [np.column_stack((one.dimension_values("x"), one.dimension_values("y"))) for one in marks_]
        taken = [box for one in marks_ for box in wordboxes.boxes(one, view, k)]
        avoid = np.concatenate(near) if near else ()
        paint(canvas, labels(view, style, language=language, avoid=avoid, taken=taken), k)
    return Image.fromarray(canvas.rgba()[..., :3])


def _from_below(drawn: Mapping[str, tuple[gpd.GeoDataFrame, Any]], picture: settling.Picture) -> list[Any]:
    """What the layers of a picture drew, settled among each other, in the order to draw it."""
    settled = settling.settled(drawn, picture)
    return stacked((get(name).z_order, settled.get(name, element)) for name, (_, element) in drawn.items())


def paint(canvas: Canvas, element: Any, k: float) -> None:
    """One element of a layer on an Agg canvas; ``hv.Tiles`` are another server's pictures and are left out."""
    style = style_of(element)
    if isinstance(element, Marks):
        scale = k * float(style.get("k", 1))
        for row in _rows(columns(element)):
            canvas.mark(row["x"], row["y"], row, scale)
    elif isinstance(element, Areas):
        _paint_areas(canvas, element, style, k)
    elif isinstance(element, hv.Path):
        color = style.get("line_color", style.get("color"))
        color = color if isinstance(color, str) else palette.TEXT2
        width, alpha = float(style.get("line_width", 2)) * k, float(style.get("alpha", style.get("line_alpha", 1)))
        data = path_columns(element)
        lines = [np.column_stack(line) for line in zip(data["xs"], data["ys"], strict=True) if len(line[0]) > 1]
        if style.get("casing", True):
            canvas.lines(lines, palette.BG[0], width + LINE_CASING_PX, alpha=alpha)
        canvas.lines(lines, color, width, alpha=alpha, dash=tuple(dash_px(style, k)))
    elif isinstance(element, hv.RGB):
        canvas.image(image_rgba(element), element.bounds.lbrt(), float(style.get("alpha", 1)))
    elif not isinstance(element, hv.Tiles):
        raise TypeError(f"a layer draws Marks, Areas, Path, RGB or Tiles, not {type(element).__name__}")


def _paint_areas(canvas: Canvas, element: Areas, style: dict[str, Any], k: float) -> None:
    color = style.get("fill_color", palette.TEXT2)
    hatch = style.get("hatch")
    data = area_columns(element)
    for xs, ys in zip(data["xs"], data["ys"], strict=True):
        rings = [_closed(np.column_stack(ring)) for ring in zip(xs[0], ys[0], strict=True)]
        edge, width = style.get("line_color", color), float(style.get("line_width", 3)) * k
        canvas.area(rings, color, float(style.get("fill_alpha", 0.07)), edge, width, tuple(dash_px(style, k)))
        if hatch is not None:
            canvas.hatch(rings, hatch[0], hatch[1], hatch[2] * k, hatch[3] * k)


def _closed(ring: np.ndarray) -> np.ndarray:
    return ring if (ring[0] == ring[-1]).all() else np.concatenate([ring, ring[:1]])


def _rows(data: dict[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    names = list(data)
    for values in zip(*data.values(), strict=True):
        yield {name: v.item() if isinstance(v, np.generic) else v for name, v in zip(names, values, strict=True)}


def _density(layer: Layer, reader: Reader, view: View) -> np.ndarray | None:
    if not isinstance(layer, RasterLayer) or view.zoom >= layer.density_below:
        return None
    return layer.shade(layer.aggregate(reader, view), view)


def backdrop(view: View, style: str = "desk", city: str | None = None) -> hv.RGB:
    """The basemap of a view as a HoloViews picture, for a notebook without a tile server."""
    rgb = basemap.picture(view.bounds, view.width_px, view.height_px, K[style], city=city)
    x0, y0, x1, y1 = view.bounds.mercator
    return hv.RGB(rgb, bounds=(x0, y0, x1, y1))


def _parts(reader: Reader | None, layer_ids: Sequence[str], view: View, style: str, city: str | None) -> hv.Overlay:
    parts: list[Any] = [backdrop(view, style, city)] if "basemap" in layer_ids else []
    drawn: dict[str, tuple[gpd.GeoDataFrame, Any]] = {}
    for layer in sorted((get(i) for i in layer_ids if i != "basemap"), key=lambda one: one.z_order):
        assert reader is not None, "layers other than the basemap are read from a store"
        density = _density(layer, reader, view)
        if density is not None:
            picture = hv.RGB(density, bounds=view.bounds.mercator, vdims=["R", "G", "B", "A"])
            parts.append(picture.opts(alpha=DENSITY_ALPHA, backend="bokeh"))
        frame = layer.load(reader, view)
        drawn[layer.service] = frame, layer.draw(frame, view)
    elements = _from_below(drawn, settling.Picture(view=view, k=K[style], wall=style == "wall"))
    if "basemap" in layer_ids:
        elements.append(labels(view, style))
    return hv.Overlay([*parts, *(one for element in elements for one in sized(element, K[style]))])


def sized(element: Any, k: float) -> Iterator[Any]:
    """The element ``k`` times as large, as HoloViews' own plots show it alone: a line with its casing below it."""
    style = style_of(element)
    if isinstance(element, Marks):
        yield element.clone().opts(backend="bokeh", **(style | {"k": float(style.get("k", 1)) * k}))
    elif isinstance(element, Areas):
        hatch = style.get("hatch")
        scaled = None if hatch is None else (hatch[0], hatch[1], hatch[2] * k, hatch[3] * k)
        wide = float(style.get("line_width", 3)) * k
        dash = tuple(dash_px(style, k)) or "solid"
        yield element.clone().opts(
            backend="bokeh", **(style | {"hatch": scaled, "line_width": wide, "line_dash": dash})
        )
    elif isinstance(element, hv.Path):
        wide = float(style.get("line_width", 2)) * k
        if style.get("casing", True):
            alpha = style.get("alpha", style.get("line_alpha", 1))
            below = {"color": palette.BG[0], "line_width": wide + LINE_CASING_PX, "alpha": alpha, "casing": False}
            yield element.clone().opts(backend="bokeh", **(below | {"line_dash": "solid"}))
        alone = {"line_width": wide, "line_dash": tuple(dash_px(style, k)) or "solid", "casing": False}
        yield element.clone().opts(backend="bokeh", **(style | alone))
    else:
        yield element


def overlay(
    reader: Reader | None, layer_ids: Sequence[str], view: View, *, style: str = "desk", city: str | None = None
) -> hv.Overlay:
    """The layers of a view as one HoloViews overlay, from below: show it in a notebook, or add elements to it."""
    return framed(_parts(reader, layer_ids, view, style, city), view)


def live(
    reader: Reader | None,
    layer_ids: Sequence[str],
    view: View,
    *,
    style: str = "desk",
    city: str | None = None,
    clock: Callable[[], View] | None = None,
) -> hv.DynamicMap:
    """The layers as a map that reads again when it is panned or zoomed. ``clock`` gives the view's times anew."""

    def drawn(x_range: tuple[float, float] | None, y_range: tuple[float, float] | None) -> hv.Overlay:
        now = clock() if clock is not None else view
        if x_range is not None and y_range is not None:
            now = replace(now, bounds=Bounds.from_mercator(x_range[0], y_range[0], x_range[1], y_range[1]))
        return _parts(reader, layer_ids, now, style, city)

    return framed(hv.DynamicMap(drawn, streams=[RangeXY()]), view)


def framed(picture: Any, view: View) -> Any:
    """A HoloViews overlay at exactly the bounds and px of the view, without axes."""
    x0, y0, x1, y1 = view.bounds.mercator
    return picture.opts(
        hv.opts.Overlay(
            width=view.width_px,
            height=view.height_px,
            xlim=(x0, x1),
            ylim=(y0, y1),
            xaxis=None,
            yaxis=None,
            show_legend=False,
            bgcolor=palette.BASEMAP["sea"],
            active_tools=["pan", "wheel_zoom"],
            backend_opts={"plot.output_backend": "canvas", "plot.lod_threshold": None},  # WebGL knows no own markers
            backend="bokeh",
        )
    )
