"""Elements: frames to marks, areas to hatches, the same in a notebook."""

from __future__ import annotations

import base64

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import pytest
import shapely
from bokeh.models import ImageURLTexture, MultiPolygons, Scatter

from geodata.view import mercator
from layers import elements, marks, palette
from layers.elements import Areas, Marks


def frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "mark": ["pin", "pin", "dot"],
            "state": ["fresh", "late", "unknown"],
            "level": [0, 2, 0],
            "alpha": [1.0, 0.75, 1.0],
            "title": ["a", "b", "c"],
        },
        geometry=[shapely.Point(107.6, 16.46), None, shapely.box(107.5, 16.3, 107.7, 16.5)],
        crs=4326,
        index=pd.Index(["open311:1", "open311:2", "open311:3"], name="id"),
    )


def test_a_frame_becomes_marks_in_mercator() -> None:
    element = elements.of(frame())
    data = elements.columns(element)
    assert list(data["id"]) == ["open311:1", "open311:3"]  # the row without a place is left out
    assert "title" not in data
    assert (data["x"][0], data["y"][0]) == pytest.approx(mercator(107.6, 16.46))
    x, y = mercator(107.5, 16.3)
    assert data["x"][1] > x
    assert data["y"][1] > y


def test_columns_in_mercator_are_kept() -> None:
    data = elements.columns(elements.of({"x": [1.0, 2.0], "y": [3.0, 4.0], "mark": ["dot", "pin"], "other": [0, 0]}))
    assert set(data) == {"x", "y", "mark"}


def test_an_empty_frame_is_an_empty_element() -> None:
    assert len(elements.of(frame().iloc[:0])) == 0
    assert len(elements.of({"x": [], "y": [], "mark": []})) == 0


def test_notebooks_draw_the_same_marker() -> None:
    plot = hv.render(elements.of(frame()).opts(size=36, k=2.2), backend="bokeh")
    renderer = plot.renderers[0]
    assert isinstance(renderer.glyph, Scatter)
    code = renderer.glyph.defs[marks.MARKER]
    assert code.code == marks.script()
    assert code.args["k"] == 2.2
    assert code.args["src"] is renderer.data_source
    assert renderer.glyph.size == 36


def test_a_live_element_keeps_its_source() -> None:
    pipe = hv.streams.Pipe(data=elements.of(frame()))
    plot = hv.renderer("bokeh").get_plot(hv.DynamicMap(lambda data: data, streams=[pipe]))
    renderer = plot.state.renderers[0]
    more = elements.of({"x": [0.0] * 5, "y": [0.0] * 5, "mark": ["dot"] * 5, "state": ["fresh"] * 5})
    pipe.send(more)
    assert len(renderer.data_source.data["x"]) == 5
    assert renderer.glyph.defs[marks.MARKER].args["src"] is renderer.data_source
    plot.cleanup()


def test_areas_carry_their_hatch() -> None:
    hole = shapely.box(107.55, 16.35, 107.6, 16.4)
    area = shapely.box(107.5, 16.3, 107.7, 16.5) - hole
    element = elements.areas(
        np.array([shapely.multipolygons([area]), shapely.Point(0, 0)], dtype=object), palette.SEVERITY[3]
    )
    assert isinstance(element, Areas)
    plot = hv.render(element, backend="bokeh")
    glyph = plot.renderers[0].glyph
    assert isinstance(glyph, MultiPolygons)
    texture = glyph.hatch_extra["vl"]
    assert isinstance(texture, ImageURLTexture)
    svg = base64.b64decode(texture.url.split(",", 1)[1]).decode()
    assert palette.SEVERITY[3] in svg
    assert len(plot.renderers[0].data_source.data["xs"][0][0]) == 2  # the ring and its hole


def test_hatch_is_seamless_at_45_degrees() -> None:
    svg = base64.b64decode(elements.hatch45((palette.SEVERITY[2], 0.3, 14, 2)).split(",", 1)[1]).decode()
    assert 'width="20" height="20"' in svg  # 14 px across the lines is 14 √2 along the edge
    assert "M0 20L20 0" in svg


def test_marks_need_no_extension_to_be_given_options() -> None:
    element = Marks({"x": [0.0], "y": [0.0]}, ["x", "y"]).opts(size=20)
    assert np.isclose(hv.Store.lookup_options("bokeh", element, "style").kwargs["size"], 20)
