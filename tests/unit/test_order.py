"""What lies over what: no area on a mark, no quiet mark on an urgent one; on page, in file and notebook alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.view import Bounds, View
from layers import compose, elements, mapfigure, order, palette, settling
from layers.base import Layer, LegendItem

AT = datetime(2026, 11, 21, tzinfo=UTC)
VIEW = View(Bounds(107.5, 16.4, 107.7, 16.52), 600, 400, AT, AT)
X0, Y0, X1, Y1 = VIEW.bounds.mercator


def marks(level: Sequence[int], **columns: Any) -> elements.Marks:
    n = len(level)
    xs = np.linspace(X0, X1, n + 2)[1:-1]
    return elements.of({"x": xs, "y": [(Y0 + Y1) / 2] * n, "mark": ["dot"] * n, "level": level, **columns})


def area() -> elements.Areas:
    return elements.areas([shapely.box(107.5, 16.4, 107.7, 16.52)], palette.SEVERITY[3], ids=["area"])


def test_a_hatch_lies_under_the_marks_of_every_layer() -> None:
    figure = compose.figure(VIEW)
    figure.set("warnings", area() * marks([3]), z_order=95)
    figure.set("hydrology", marks([0]), z_order=66)
    figure.set("cameras", marks([0, 2]), z_order=40)
    figure.set("traffic", marks([3]), z_order=36)
    found = [(r.name, type(r.glyph).__name__) for r in figure.figure.renderers if r.name != "selection"]
    assert found == [
        ("warnings", "MultiPolygons"),
        *[(name, "Scatter") for name in ("cameras", "hydrology", "cameras", "traffic", "warnings")],
    ]


def test_the_rows_of_a_layer_come_apart_by_level_and_keep_their_columns() -> None:
    figure = compose.figure(VIEW)
    figure.set("cameras", marks([0, 4, 2, 1], id=list("abcd")))
    assert [list(s.data["id"]) for s in figure.sources["cameras"]] == [["a", "d"], ["c"], ["b"]]
    before = list(figure.renderers["cameras"])
    figure.set("cameras", marks([3, 2, 0], id=list("xyz")))
    assert list(figure.renderers["cameras"]) == before
    assert [list(s.data["id"]) for s in figure.sources["cameras"]] == [["z"], ["y"], ["x"]]
    assert len(figure.tap.renderers) == 3
    figure.set("cameras", marks([2], id=["k"]))  # a level that is gone comes again: its renderer waits
    assert list(figure.renderers["cameras"]) == before
    assert [list(s.data["id"]) for s in figure.sources["cameras"]] == [[], ["k"], []]


@pytest.mark.parametrize("level", [None, ["", None, float("nan")]])
def test_rows_without_a_level_are_quiet(level: list[Any] | None) -> None:
    columns = {"x": [X0] * 3, "y": [Y0] * 3, "mark": ["dot"] * 3, **({} if level is None else {"level": level})}
    assert set(order.bands(elements.columns(elements.of(columns)))) == {order.QUIET}


def test_words_of_a_layer_lie_on_top_and_the_page_s_own_above_all() -> None:
    words = elements.of({"x": [X0], "y": [Y0], "mark": ["label"], "text": ["Lũ"], "level": [0]})
    assert [band for band, _ in order.parted(words, 95)] == [order.URGENT]
    assert [band for band, _ in order.parted(marks([0, 3]), order.OVER_Z)] == [order.OVER]


class Fixed(Layer):
    """A layer that draws what it is given."""

    service, element = "", None

    def load(self, reader: Any, view: View) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame()

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> Any:
        return self.element

    def legend(self, frame: gpd.GeoDataFrame) -> list[LegendItem]:
        return []

    def inspect(self, row: pd.Series, language: str) -> dict[str, str]:
        return {}


def layer(service: str, z: int, element: Any) -> Layer:
    made: Layer = type("One", (Fixed,), {"service": service, "z_order": z, "element": element})()
    return made


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> dict[str, Layer]:
    """Two layers: an area that covers all, and below it by z_order a quiet dot in its middle."""
    known = {"hatch": layer("hatch", 95, area().opts(fill_alpha=1.0)), "dots": layer("dots", 10, marks([0]))}
    monkeypatch.setattr(compose, "get", known.__getitem__)
    monkeypatch.setattr(settling, "get", known.__getitem__)
    return known


def test_a_file_and_a_notebook_have_the_same_order(city: dict[str, Layer]) -> None:
    reader: Any = object()
    image = np.asarray(compose.still(reader, list(city), VIEW)).astype(int)
    tint = np.array([round(255 * c) for c in palette.rgb(palette.TINT["people"])])
    assert np.abs(image[200, 300] - tint).max() < 40  # the dot, not the area's orange
    parts = list(mapfigure.flat(compose.overlay(reader, list(city), VIEW)))
    assert [type(part).__name__ for part in parts] == ["Areas", "Marks"]


def test_of_names_of_two_layers_that_touch_the_more_abnormal_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = marks([0, 0], id=["a", "b"], name=["Cầu Trường Tiền", "Đập Đá"])
    loud = marks([2, 0], id=["c", "d"], name=["Ngập đường Lê Lợi", None])
    known = {"one": layer("one", 60, quiet), "two": layer("two", 40, loud)}
    monkeypatch.setattr(settling, "get", known.__getitem__)
    found = settling.settled({"one": (None, quiet), "two": (None, loud)}, settling.Picture(view=VIEW))
    assert list(found) == ["one"]
    assert list(found["one"].dimension_values("name")) == [None, "Đập Đá"]


@pytest.mark.parametrize(
    ("said", "english"),
    [("3,94", "3.94"), ("1.234,5", "1,234.5"), ("152", "152"), ("1.240", "1,240"), ("−0,5", "−0.5")],
)
def test_numbers_in_marks_are_written_as_the_page_s_language_does(said: str, english: str) -> None:
    one = marks([0], text=[said])
    assert elements.spoken(one, "vi") is one
    assert list(elements.spoken(one, "en").dimension_values("text")) == [english]
    figure = compose.figure(VIEW, language="en")
    figure.set("hydrology", one)
    assert list(figure.sources["hydrology"][0].data["text"]) == [english]


@pytest.mark.parametrize("said", ["QL1", "đến 22:30 22/11", "1.2.3", "–", None])
def test_what_is_no_number_stays(said: str | None) -> None:
    one = marks([0, 0], text=[said, "x"])
    assert elements.spoken(one, "en") is one


def test_numbers_in_marks_are_larger_on_a_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    badge = elements.of({"x": [X0, X1], "y": [Y0, Y1], "mark": ["badge", "dot"], "text": ["3,94", None]})
    known = {"hydrology": layer("hydrology", 66, badge), "dots": layer("dots", 10, marks([0]))}
    monkeypatch.setattr(settling, "get", known.__getitem__)
    drawn = {"hydrology": (None, badge), "dots": (None, known["dots"].draw(gpd.GeoDataFrame(), VIEW))}
    assert settling.settled(drawn, settling.Picture(view=VIEW)) == {}
    found = settling.settled(drawn, settling.Picture(view=VIEW, k=2.2, wall=True))
    assert list(found) == ["hydrology"]
    assert list(found["hydrology"].dimension_values("scale")) == [1.4, 1.0]
    assert 14 * 2.2 * 1.4 >= 42  # px of a wall 2160 px high: 16 minutes of arc at six metres
