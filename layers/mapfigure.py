"""The map of a page: one plain Bokeh figure that takes the elements of the layers.

Built in a tenth of the time of ``hv.render`` and patched in place: a layer keeps its renderers, and a new
element replaces the data of their sources. x, y are EPSG:3857 metres; the figure fills its block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import (
    ColumnDataSource,
    GlyphRenderer,
    ImageRGBA,
    MultiLine,
    MultiPolygons,
    PanTool,
    Range1d,
    TapTool,
    TileRenderer,
    WheelZoomTool,
    WMTSTileSource,
)
from bokeh.plotting import figure as bokeh_figure

from geodata.view import View
from layers import marks, palette
from layers.elements import Areas, Marks, columns, hatching, numbered
from layers.order import GROUND, OVER, OVER_Z, QUIET, bands, flat, style_of
from layers.parts import area_columns, image_columns, image_rgba, path_columns, pieces

__all__ = [
    "LABEL_Z",
    "LINE_CASING_PX",
    "SELECTION_Z",
    "K",
    "MapFigure",
    "Pick",
    "area_columns",
    "flat",
    "image_columns",
    "image_rgba",
    "path_columns",
    "pieces",
    "style_of",
]

Pick = Callable[[str, Sequence[str]], None]
"""Called with the layer and the ids that a tap chose; no ids when the tap cleared the choice."""

Wanted = tuple[list[str], dict[str, Any], Callable[[Any], GlyphRenderer]]
"""Tags that say which renderer is needed, its data, and how to make it."""

K = {"desk": 1.0, "wall": palette.WALL_FACTOR}
LINE_CASING_PX = 3  # bg.0 under every line of a layer
SELECTION_Z, LABEL_Z = OVER_Z + 10, 1000


DASHES = {"dashed": (6, 4), "dotted": (2, 4), "dotdash": (2, 4, 6, 4), "dashdot": (6, 4, 2, 4), "solid": ()}
"""Bokeh's names of dashes, px."""


def dash_px(style: Mapping[str, Any], k: float) -> list[int]:
    """The dash of an element's edge or line, ``k`` times as long, whole px as Bokeh wants; empty for a whole line."""
    dash = style.get("line_dash", "solid")
    return [max(1, round(d * k)) for d in (DASHES.get(dash, ()) if isinstance(dash, str) else dash)]


class MapFigure:
    """``figure`` is the Bokeh model to put on the page; the rest changes it.

    Change it only under the document's lock (a callback of the session, or ``add_next_tick_callback``).
    """

    def __init__(
        self,
        view: View,
        style: str = "desk",
        tools: Sequence[Any] | None = None,
        k: float | None = None,
        language: str = "vi",
    ) -> None:
        x0, y0, x1, y1 = view.bounds.mercator
        self.style = style
        self.language = language
        self.k = K[style] if k is None else k
        self.figure = bokeh_figure(
            x_range=Range1d(x0, x1),
            y_range=Range1d(y0, y1),
            tools="",
            toolbar_location=None,
            sizing_mode="stretch_both",
            match_aspect=True,
            lod_threshold=None,
            outline_line_color=None,
            background_fill_color=palette.BASEMAP["sea"],
            border_fill_color=palette.BG[0],
            min_border_left=0,
            min_border_right=0,
            min_border_top=0,
            min_border_bottom=0,
        )
        self.figure.axis.visible = False
        self.figure.grid.visible = False
        self.tap = TapTool(mode="replace")  # the default takes a choice back when the same mark is hit again
        if style == "desk":
            wheel = WheelZoomTool(zoom_on_axis=False)
            pan = PanTool()
            self.figure.add_tools(*(tools if tools is not None else (pan, wheel, self.tap)))
            if tools is None:
                self.figure.toolbar.active_scroll = wheel
                self.figure.toolbar.active_drag = pan
        self._layers: dict[str, list[GlyphRenderer]] = {}
        self._tiles: dict[str, TileRenderer] = {}
        self._order: dict[str, int] = {}
        self._look: dict[str, tuple[bool, float]] = {}
        self._pick: Pick | None = None
        self._selection = self._marks({"x": [], "y": [], "mark": [], "text": [], "dx": [], "dy": []})
        self._place("selection", [self._selection], SELECTION_Z)

    @property
    def renderers(self) -> Mapping[str, Sequence[GlyphRenderer]]:
        """The glyph renderers of every layer, from below."""
        return self._layers

    @property
    def sources(self) -> Mapping[str, Sequence[ColumnDataSource]]:
        """The column sources of every layer, in the order of its elements."""
        return {name: [r.data_source for r in renderers] for name, renderers in self._layers.items()}

    def add_tiles(self, name: str, url: str, *, z_order: int = 0, alpha: float = 1.0) -> TileRenderer:
        """Tiles under a name; the same name again changes the URL (the old pictures stay until the new are there).

        512 px pictures shown as 256 px tiles. ``min_zoom`` stays 0: any other shifts every level (Bokeh 3.9.2).
        """
        known = self._tiles.get(name)
        if known is not None:
            if known.tile_source.url != url:
                known.tile_source.url = url
            return known
        renderer = TileRenderer(
            tile_source=WMTSTileSource(url=url, tile_size=256), smoothing=True, alpha=alpha, level="image"
        )
        renderer.tags = [alpha]
        self._tiles[name] = renderer
        self._order[name] = z_order
        self._look[name] = (True, 1.0)
        self._sort()
        return renderer

    def set(self, layer_id: str, element: Any, *, z_order: int = 50) -> None:
        """Draw an element (or overlay) as that layer, or put its data into the layer's renderers.

        Raises TypeError for an element that is none of Marks, Areas, Path, RGB, Tiles.
        """
        parts = [part for part in flat(element) if not isinstance(part, hv.Tiles)]
        for i, part in enumerate(p for p in flat(element) if isinstance(p, hv.Tiles)):
            self.add_tiles(f"{layer_id}.{i}", part.data, z_order=z_order)
        wanted = [one for part in parts for one in self._prepare(part, z_order)]
        if self._refill(self._layers.get(layer_id), wanted):
            return
        made = []
        for tags, data, make in wanted:
            renderer = make(ColumnDataSource(data))
            renderer.tags = tags
            made.append(renderer)
            if self._pick is not None:
                self._listen(layer_id, renderer)
        self._place(layer_id, made, z_order)

    @staticmethod
    def _refill(present: Sequence[GlyphRenderer] | None, wanted: Sequence[Wanted]) -> bool:
        """Put the data into the renderers that stand; False when others are needed. Marks of a level that is gone
        leave an empty renderer, for they come again.
        """
        left = list(wanted)
        pairs: list[tuple[GlyphRenderer, dict[str, Any] | None]] = []
        for renderer in present or ():
            if left and left[0][0] == renderer.tags:
                pairs.append((renderer, left.pop(0)[1]))
            elif renderer.tags and renderer.tags[0] == "Marks":
                pairs.append((renderer, None))
            else:
                return False
        if left or not pairs:
            return False
        for renderer, data in pairs:
            source = renderer.data_source
            source.data = {name: [] for name in source.data} if data is None else data
        return True

    def labels(self, element: Marks) -> None:
        """The label layer, above all others; no tap hits it."""
        self.set("labels", element, z_order=LABEL_Z)
        self.tap.renderers = self._tappable()

    def remove(self, layer_id: str) -> None:
        """Take a layer and its tiles away; an unknown name is nothing to do."""
        for store in (self._layers, self._order, self._look):
            store.pop(layer_id, None)
        for name in [n for n in self._tiles if n == layer_id or n.startswith(f"{layer_id}.")]:
            self._tiles.pop(name)
            self._order.pop(name, None)
        self._sort()

    def show(self, layer_id: str, visible: bool) -> None:
        """Show or hide a layer and its tiles."""
        alpha = self._look.get(layer_id, (True, 1.0))[1]
        self._look[layer_id] = (visible, alpha)
        self._dress(layer_id)

    def alpha(self, layer_id: str, alpha: float) -> None:
        """Opacity of a layer and its tiles, 0–1, over what the layer itself draws."""
        visible = self._look.get(layer_id, (True, 1.0))[0]
        self._look[layer_id] = (visible, alpha)
        self._dress(layer_id)

    def select(self, x: float, y: float, text: str = "", mark: str = "dot") -> None:
        """White corner brackets around the mark at x, y (EPSG:3857) with a chip naming it."""
        dx, dy = marks.ANCHOR.get(mark, (0, 0))
        rows = 2 if text else 1
        self._selection.data_source.data = {
            "x": [x] * rows,
            "y": [y] * rows,
            "mark": ["brackets", "chip"][:rows],
            "text": ["", text][:rows],
            "dx": [dx, dx + 34][:rows],
            "dy": [dy, dy][:rows],
        }

    def deselect(self) -> None:
        """Take brackets and chip away."""
        self._selection.data_source.data = {name: [] for name in ("x", "y", "mark", "text", "dx", "dy")}

    def on_pick(self, callback: Pick) -> None:
        """Call back with layer and ids when a tap hits marks or lines that have an ``id`` column."""
        first = self._pick is None
        self._pick = callback
        for layer_id, renderers in self._layers.items() if first else ():
            for renderer in renderers:
                self._listen(layer_id, renderer)

    def frame(self, view: View) -> None:
        """Show exactly those bounds."""
        x0, y0, x1, y1 = view.bounds.mercator
        self.figure.x_range.update(start=x0, end=x1)
        self.figure.y_range.update(start=y0, end=y1)

    def _listen(self, layer_id: str, renderer: GlyphRenderer) -> None:
        def chosen(_attr: str, _old: list[int], new: list[int]) -> None:
            ids = renderer.data_source.data.get("id")
            if ids is not None and self._pick is not None:
                self._pick(layer_id, [str(ids[i]) for i in new if i < len(ids)])

        if layer_id not in {"selection", "labels"}:
            renderer.data_source.selected.on_change("indices", chosen)

    def _prepare(self, element: Any, z_order: int) -> Iterator[Wanted]:
        """The renderers of an element, each of one band: the last of the tags."""
        if not isinstance(element, Marks):
            band = str(OVER if z_order >= OVER_Z else GROUND)
            yield from (([*tags, band], data, make) for tags, data, make in self._of_ground(element))
            return
        style = style_of(element)
        key = repr(sorted((k, repr(v)) for k, v in style.items()))
        data = numbered(columns(element), self.language)
        rows = np.full(len(element), OVER) if z_order >= OVER_Z else bands(data)
        for band in np.unique(rows).tolist() or [QUIET]:
            part = data if (rows == band).all() else {name: values[rows == band] for name, values in data.items()}
            yield ["Marks", key, str(band)], part, lambda s: self._marks_renderer(s, style)

    def _of_ground(self, element: Any) -> Iterator[Wanted]:
        """Tags that say which renderer areas, lines or a picture need, their data, and how to make the renderer."""
        style = style_of(element)
        key = repr(sorted((k, repr(v)) for k, v in style.items()))
        if isinstance(element, Areas):
            yield ["Areas", key], area_columns(element), lambda s: self._areas_renderer(s, style)
        elif isinstance(element, hv.Path):
            data = path_columns(element)
            width = float(style.get("line_width", 2)) * self.k
            color, dash = style.get("line_color", style.get("color")), dash_px(style, self.k)
            if not isinstance(color, str):  # HoloViews' default is a colour cycle
                color = palette.TEXT2
            alpha = float(style.get("alpha", style.get("line_alpha", 1)))
            if style.get("casing", True):
                yield (
                    ["casing", key],
                    data,
                    lambda s: self._line(s, palette.BG[0], width + LINE_CASING_PX, [], alpha),
                )
            yield ["Path", key], data, lambda s: self._line(s, color, width, dash, alpha)
        elif isinstance(element, hv.RGB):
            yield ["Image", key], image_columns(element), lambda s: self._image(s, float(style.get("alpha", 1)))
        else:
            raise TypeError(f"a layer draws Marks, Areas, Path, RGB or Tiles, not {type(element).__name__}")

    def _marks(self, data: dict[str, Any]) -> GlyphRenderer:
        return self._marks_renderer(ColumnDataSource(data), {})

    def _marks_renderer(self, source: ColumnDataSource, style: Mapping[str, Any]) -> GlyphRenderer:
        glyph = marks.glyph(source, self.k * float(style.get("k", 1)), float(style.get("size", marks.HIT_PX)) * self.k)
        return GlyphRenderer(data_source=source, glyph=glyph, selection_glyph=None, nonselection_glyph=None)

    def _areas_renderer(self, source: ColumnDataSource, style: Mapping[str, Any]) -> GlyphRenderer:
        known = {k: v for k, v in style.items() if k in {"fill_color", "fill_alpha", "line_color"}}
        known["line_dash"] = dash_px(style, self.k)
        hatch = style.get("hatch")
        scaled = None if hatch is None else (hatch[0], hatch[1], hatch[2] * self.k, hatch[3] * self.k)
        width = float(style.get("line_width", 3)) * self.k
        glyph = MultiPolygons(xs="xs", ys="ys", line_width=width, line_join="round", **known, **hatching(scaled))
        return GlyphRenderer(data_source=source, glyph=glyph, selection_glyph=None, nonselection_glyph=None)

    def _line(self, source: ColumnDataSource, color: str, width: float, dash: Any, alpha: float) -> GlyphRenderer:
        glyph = MultiLine(
            xs="xs",
            ys="ys",
            line_color=color,
            line_width=width,
            line_dash=dash,
            line_alpha=alpha,
            line_cap="round",
            line_join="round",
        )
        return GlyphRenderer(data_source=source, glyph=glyph, selection_glyph=None, nonselection_glyph=None)

    def _image(self, source: ColumnDataSource, alpha: float) -> GlyphRenderer:
        glyph = ImageRGBA(image="image", x="x", y="y", dw="dw", dh="dh", global_alpha=alpha)
        return GlyphRenderer(data_source=source, glyph=glyph, selection_glyph=None, nonselection_glyph=None)

    def _place(self, layer_id: str, renderers: list[GlyphRenderer], z_order: int) -> None:
        self._layers[layer_id] = renderers
        self._order[layer_id] = z_order
        for renderer in renderers:
            renderer.name = layer_id
        self._dress(layer_id)
        self._sort()

    def _dress(self, layer_id: str) -> None:
        visible, alpha = self._look.get(layer_id, (True, 1.0))
        for name, tiles in self._tiles.items():
            if name == layer_id or name.startswith(f"{layer_id}."):
                tiles.update(visible=visible, alpha=tiles.tags[0] * alpha)  # over the tiles' own opacity
        for renderer in self._layers.get(layer_id, ()):
            renderer.visible = visible
            glyph = renderer.glyph
            if isinstance(glyph, MultiLine | MultiPolygons):
                # the element's own opacity is kept beside the glyph, so that setting ours twice is harmless
                own = glyph.tags or [getattr(glyph, "line_alpha", 1.0), getattr(glyph, "fill_alpha", 1.0)]
                changes = {"tags": own, "line_alpha": own[0] * alpha}
                if isinstance(glyph, MultiPolygons):
                    changes |= {"fill_alpha": own[1] * alpha, "hatch_alpha": alpha}
                glyph.update(**changes)
            elif isinstance(glyph, ImageRGBA):
                glyph.tags = glyph.tags or [glyph.global_alpha]
                glyph.global_alpha = glyph.tags[0] * alpha
            else:
                glyph.tags = [alpha]  # read by the marker's script

    def _tappable(self) -> list[GlyphRenderer]:
        return [
            renderer
            for name, renderers in self._layers.items()
            if name not in {"selection", "labels"}
            for renderer in renderers
            if "id" in renderer.data_source.data
        ]

    def _sort(self) -> None:
        """Draw order is the order of renderers (``layers.order``); tiles lie under every glyph by their level."""
        tiles = sorted(self._tiles.items(), key=lambda item: self._order[item[0]])
        drawn = [
            (_band(renderer, self._order[name]), self._order[name], renderer)
            for name, group in self._layers.items()
            for renderer in group
        ]
        self.figure.renderers = [r for _, r in tiles] + [r for *_, r in sorted(drawn, key=lambda one: one[:2])]
        self.tap.renderers = self._tappable()


def _band(renderer: GlyphRenderer, z_order: float) -> int:
    """The band that the renderer was made for: the last of its tags."""
    return OVER if z_order >= OVER_Z else int(renderer.tags[-1]) if renderer.tags else GROUND
