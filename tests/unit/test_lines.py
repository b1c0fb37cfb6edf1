"""Lines with ids and without a casing: what networks and links between marks need."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
from bokeh.models import MultiLine

from layers import compose, elements
from layers.mapfigure import area_columns, path_columns, pieces
from tests.unit.test_compose import HUE

LINES: list[dict[str, Any]] = [
    {"x": np.array([0.0, 1.0]), "y": np.array([0.0, 1.0]), "id": "a"},
    {"x": [2, 3, 4], "y": [2, 2, 3], "id": "b"},
]


def lines(**style: object) -> hv.Path:
    return hv.Path(LINES, ["x", "y"], ["id"]).opts(backend="bokeh", line_color="#FFFFFF", **style)


def test_columns_are_those_of_the_lines_however_many() -> None:
    found = path_columns(lines())
    assert found["id"] == ["a", "b"]
    assert [list(x) for x in found["xs"]] == [[0.0, 1.0], [2, 3, 4]]
    assert path_columns(hv.Path([], ["x", "y"], ["id"])) == {"xs": [], "ys": [], "id": []}
    many = hv.Path([{**LINES[0], "id": str(i)} for i in range(3000)], ["x", "y"], ["id"])
    assert path_columns(many)["id"] == [str(i) for i in range(3000)]


def test_one_table_and_many_pieces_are_the_same_lines() -> None:
    whole = hv.Path({"x": np.array([0.0, 1.0]), "y": np.array([0.0, 1.0])}, ["x", "y"])
    assert len(pieces(whole)) == len(path_columns(whole)["xs"]) == 1
    assert area_columns(elements.areas([], "#FFFFFF"))["xs"] == []


def test_a_line_without_casing_is_one_renderer() -> None:
    figure = compose.figure(HUE)
    before = len(figure.figure.renderers)
    figure.set("cased", lines())
    assert len(figure.figure.renderers) == before + 2
    figure.set("bare", lines(casing=False))
    assert len(figure.figure.renderers) == before + 3


def test_a_notebook_draws_it_too() -> None:
    hv.extension("bokeh")
    (line,) = hv.render(lines(casing=False)).renderers
    assert isinstance(line.glyph, MultiLine)
    assert line.glyph.line_color == "#FFFFFF"
