"""Layers in VN-2000 as GeoViews elements: the numbers are those of the country's own transformation."""

from __future__ import annotations

import geoviews as gv
import holoviews as hv
import numpy as np
import pytest
import shapely

import layers
from geodata import crs
from geodata.view import mercator
from layers import elements, palette
from layers.plane import NotProjected, projected, projection

HUE_ZONE = 9214
LON, LAT = 107.585, 16.463


def drawing() -> hv.Overlay:
    area = elements.areas([shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)], palette.SEVERITY[2], ids=["w"])
    road = hv.Path([[mercator(LON, LAT), mercator(LON + 0.01, LAT)]]).opts(color=palette.TRAFFIC["slow"])
    x, y = mercator(LON, LAT)
    return area * road * elements.of({"x": [x], "y": [y], "mark": ["pin"], "id": ["a"]})


def test_marks_lines_and_areas_stand_where_the_survey_puts_them() -> None:
    area, road, pins = projected(drawing(), HUE_ZONE)
    wanted = np.array(crs.to_vn2000(LON, LAT, HUE_ZONE))
    assert isinstance(pins, gv.Points)
    assert np.allclose([pins["easting"][0], pins["northing"][0]], wanted, atol=1e-3)
    assert list(pins["id"]) == ["a"]
    assert isinstance(road, gv.Path)
    assert np.allclose(road.split(datatype="array")[0][0], wanted, atol=1e-3)
    ring = area.split(datatype="dictionary")[0]
    corners = np.column_stack((ring["easting"], ring["northing"]))
    assert np.abs(corners - wanted).sum(axis=1).min() < 1e-3
    assert ring["id"] == "w"


def test_it_is_drawn_in_that_plane() -> None:
    overlay = projected(drawing(), HUE_ZONE).opts(gv.opts.Overlay(projection=projection(HUE_ZONE), backend="bokeh"))
    figure = hv.render(overlay, backend="bokeh")
    easting, northing = crs.to_vn2000(LON, LAT, HUE_ZONE)
    assert figure.x_range.start < easting < figure.x_range.end
    assert figure.y_range.start < northing < figure.y_range.end
    assert figure.x_range.end - figure.x_range.start < 5000, "metres of the plane, not degrees and not the web map"


def test_a_picture_is_refused_in_one_line() -> None:
    picture = hv.RGB(np.zeros((2, 2, 3), np.uint8), bounds=(0, 0, 1, 1))
    with pytest.raises(NotProjected, match="RGB cannot be brought into EPSG:9214"):
        projected(picture, HUE_ZONE)
    with pytest.raises(crs.RefusedCRS):
        projected(drawing(), 6956)


def test_a_notebook_finds_all_of_it_at_the_package() -> None:
    for name in layers.__all__:
        assert callable(getattr(layers, name))
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        layers.nope  # noqa: B018 (asking is the test)
