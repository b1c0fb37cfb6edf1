"""The elements a layer may return beside ``hv.Path`` and ``hv.Tiles``: marks and hatched areas.

Both are HoloViews elements with their own Bokeh plots, so a notebook shows what the pages show. x, y are
EPSG:3857 metres.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import param
import shapely
from bokeh.core.properties import value
from bokeh.models import ImageURLTexture
from holoviews.core.options import Options, Store
from holoviews.plotting.bokeh.chart import PointPlot
from holoviews.plotting.bokeh.path import PathPlot, PolygonPlot

from geodata.view import mercator_xy
from layers import marks, palette

COLUMNS = (
    "mark",
    "state",
    "level",
    "tint",
    "alpha",
    "az",
    "due",
    "text",
    "unit",
    "name",
    "trend",
    "dx",
    "dy",
    "scale",
    "id",
    "fov",
    "range",
    "kind",
)
"""All columns of ``Marks`` beside x, y; every one but ``mark`` may be missing. ``layers.marks`` says what they mean."""

NUMBER = re.compile(r"^[−+≈-]?\d{1,3}(\.\d{3})*(,\d+)?$|^[−+≈-]?\d+,\d+$")
SWAPPED = str.maketrans(",.", ".,")

Hatch = tuple[str, float, float, float]
"""Colour ``#RRGGBB``, alpha, gap px, stroke px."""

WARNING_HATCH: Hatch = (palette.SEVERITY[2], 0.30, 14, 2)


class Marks(hv.Points):
    """Marks at points: x, y in EPSG:3857 m, value columns of ``COLUMNS``. Options: ``size`` (hit square, px), ``k``."""

    group = param.String(default="Marks", constant=True)


class Areas(hv.Polygons):
    """Filled areas with an edge and, by ``.opts(hatch=(color, alpha, gap, width))``, a 45° hatch. EPSG:3857 m."""

    group = param.String(default="Areas", constant=True)


def of(frame: gpd.GeoDataFrame | pd.DataFrame | Mapping[str, Any]) -> Marks:
    """Marks from a frame: a GeoDataFrame (EPSG:4326; rows without a place are left out, areas stand at an inner
    point) or columns x, y in EPSG:3857. Other columns than ``COLUMNS`` are left out; ``id`` may be the index.
    """
    data = frame.copy() if isinstance(frame, pd.DataFrame) else pd.DataFrame(frame)
    if isinstance(data, gpd.GeoDataFrame):
        data = data[~(data.geometry.isna() | data.geometry.is_empty)]
        points = shapely.point_on_surface(data.geometry.to_numpy())
        data = pd.DataFrame(data.drop(columns=data.geometry.name))
        data["x"], data["y"] = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    if "id" not in data and data.index.name == "id":
        data["id"] = data.index
    columns = [c for c in COLUMNS if c in data]
    return Marks({c: data[c].to_numpy() for c in ("x", "y", *columns)}, ["x", "y"], columns)


def numbered(data: dict[str, Any], language: str) -> dict[str, Any]:
    """The columns of marks with numbers in ``text`` as a language writes them: layers write 1.234,5, English 1,234.5.

    Words and whatever is no number stay as they are.
    """
    if language == "vi" or "text" not in data:
        return data
    said = [text.translate(SWAPPED) if isinstance(text, str) and NUMBER.match(text) else text for text in data["text"]]
    return data if said == list(data["text"]) else {**data, "text": np.asarray(said, object)}


def spoken(element: Any, language: str) -> Any:
    """The same for an element."""
    if language == "vi" or not isinstance(element, Marks) or not len(element):
        return element
    data = columns(element)
    said = numbered(data, language)
    if said is data:
        return element
    style = Store.lookup_options("bokeh", element, "style").kwargs
    return Marks(said, ["x", "y"], [name for name in said if name not in {"x", "y"}]).opts(backend="bokeh", **style)


def areas(
    geometries: Sequence[shapely.Geometry] | np.ndarray, color: str, *, ids: Sequence[str] | None = None, **style: Any
) -> Areas:
    """Areas of one style from geometries in EPSG:4326: fill 7 %, edge 3 px, hatch 30 % (look.md 3.6).

    ``style`` overrides ``hatch`` (None: no hatch), ``fill_alpha``, ``line_color``, ``line_width``, ``line_dash``
    (exercise: "dashed"). With ``ids``, one a geometry, a tap picks the area.
    """
    rings = []
    parts, of_geometry = shapely.get_parts(np.asarray(geometries, object), return_index=True)
    for polygon, index in zip(parts, of_geometry, strict=True):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        x, y = mercator_xy(*np.array(polygon.exterior.coords)[:, :2].T)
        holes = [np.column_stack(mercator_xy(*np.array(hole.coords)[:, :2].T)) for hole in polygon.interiors]
        rings.append({"x": x, "y": y, "holes": [holes], **({} if ids is None else {"id": str(ids[index])})})
    options = {"hatch": (color, 0.30, 14, 2), "fill_color": color, "fill_alpha": 0.07, "line_color": color}
    element: Areas = Areas(rings, ["x", "y"], [] if ids is None else ["id"]).opts(
        backend="bokeh", **(options | {"line_width": 3} | style)
    )
    return element


def hatch45(hatch: Hatch) -> str:
    """A seamless 45° hatch as an SVG data URI: Bokeh's own diagonal runs at 63° and its canvas texture is broken."""
    color, alpha, gap, width = hatch
    s = round(gap * 2**0.5)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{s}" height="{s}">'
        f'<path d="M{-s} {s}L0 0M0 {s}L{s} 0M{s} {s}L{2 * s} 0" stroke="{color}" stroke-opacity="{alpha}" '
        f'stroke-width="{width}" stroke-linecap="square"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def hatching(hatch: Hatch | None) -> dict[str, Any]:
    """Bokeh's hatch properties of an area; nothing without a hatch."""
    if hatch is None:
        return {}
    texture = ImageURLTexture(url=hatch45(hatch), repetition="repeat")
    return {"hatch_extra": {"vl": texture}, "hatch_pattern": value("vl"), "hatch_color": hatch[0]}


class MarksPlot(PointPlot):
    """Draws ``Marks`` by the custom marker; all columns go to the browser, none through HoloViews' styles."""

    style_opts: ClassVar[list[str]] = ["size", "k", "visible"]

    def get_data(
        self, element: Marks, ranges: Any, style: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str], Any]:
        x, y = (d.name for d in element.kdims)
        return columns(element), {"x": x, "y": y}, style

    def _init_glyph(self, plot: Any, mapping: dict[str, Any], properties: dict[str, Any]) -> Any:
        glyph = marks.glyph(properties["source"], properties.pop("k", 1.0))
        properties = {**properties, "size": properties.get("size", marks.HIT_PX)}
        return super()._init_glyph(plot, {**mapping, "marker": marks.MARKER, "defs": glyph.defs}, properties)


class AreasPlot(PolygonPlot):
    """Draws ``Areas`` as patches with a hatch texture."""

    style_opts: ClassVar[list[str]] = [*PolygonPlot.style_opts, "hatch"]

    def _init_glyph(self, plot: Any, mapping: dict[str, Any], properties: dict[str, Any]) -> Any:
        plain = {"line_join": "round"} | {name: v for name, v in properties.items() if name != "hatch"}
        return super()._init_glyph(plot, mapping, plain | hatching(properties.get("hatch")))


class LinesPlot(PathPlot):
    """Draws lines; ``.opts(casing=False)`` leaves out the dark border that a page and a picture give them."""

    style_opts: ClassVar[list[str]] = [*PathPlot.style_opts, "casing"]

    def _init_glyph(self, plot: Any, mapping: dict[str, Any], properties: dict[str, Any]) -> Any:
        plain = {k: v for k, v in properties.items() if k != "casing"}
        return super()._init_glyph(plot, mapping, {"line_cap": "round", "line_join": "round"} | plain)


def columns(element: Marks) -> dict[str, np.ndarray]:
    """The data of a ``ColumnDataSource``: every column of the element."""
    return {d.name: element.dimension_values(d) for d in element.dimensions()}


def register() -> None:
    """Tell HoloViews how to draw our elements in Bokeh. Runs once, when this module is imported."""
    Store.register({Marks: MarksPlot, Areas: AreasPlot, hv.Path: LinesPlot}, "bokeh")
    Store.set_current_backend("bokeh")  # so that ``.opts`` in a layer needs no extension to be loaded
    options = Store.options(backend="bokeh")
    options["Marks"] = Options("style", size=marks.HIT_PX, k=1.0)
    options["Areas"] = Options("style", fill_alpha=0.07, line_width=3)


register()
