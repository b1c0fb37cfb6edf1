"""Filters and colours of a layer are sums over its frame: rows kept, counts of all, marks coloured by category."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from app.pages import filters
from app.pages.pictures import ids
from geodata.view import Bounds, View, mercator
from layers import elements, palette
from layers.base import get
from layers.elements import Areas
from layers.mapfigure import flat, image_rgba

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
VIEW = View(Bounds(107.4, 16.3, 107.72, 16.45), 3840, 1920, NOW, NOW)


def cases() -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        {
            "category": ["drainage", "drainage", "trees", None],
            "agency": ["UBND P. Thuận Hóa", None, "", np.nan],
            "level": [0, 2, np.nan, 3],
            "state": ["fresh", "fresh", "unknown", "fresh"],
            "mark": "pin",
        },
        index=pd.Index(list("abcd"), name="id"),
    )
    return gpd.GeoDataFrame(frame, geometry=[Point(107.5 + i / 100, 16.4) for i in range(4)], crs="EPSG:4326")


@pytest.mark.parametrize(
    ("kept", "rows"),
    [
        ({}, "abcd"),
        ({"category": {"trees"}}, "c"),
        ({"category": {"trees", filters.NONE}}, "cd"),
        ({"level": {"2", "3"}}, "bd"),
        ({"level": {"0"}}, "ac"),  # a level that is not a number is none
        ({"agency": {filters.NONE}}, "bcd"),
        ({"category": {"drainage"}, "level": {"0"}}, "a"),
        ({"category": {"drainage"}, "agency": set()}, "ab"),
        ({"status": {"closed"}}, "abcd"),  # a column that the layer has not
        ({"category": {"no such"}}, ""),
    ],
)
def test_rows_pass_by_one_value_of_every_column(kept: dict[str, set[str]], rows: str) -> None:
    found = filters.keep(cases(), {name: frozenset(values) for name, values in kept.items()})
    assert "".join(found.index) == rows


def test_facets_count_the_unfiltered_rows() -> None:
    found = {facet.column: dict(facet.counts) for facet in filters.facets(cases())}
    assert found["category"] == {"drainage": 2, "trees": 1, filters.NONE: 1}
    assert found["level"] == {"0": 2, "2": 1, "3": 1}
    assert found["agency"] == {filters.NONE: 3, "UBND P. Thuận Hóa": 1}
    assert filters.facets(cases().iloc[:0]) == []


def test_marks_take_the_colour_of_their_category_and_keep_the_rest() -> None:
    frame = cases()
    element = filters.color(elements.of(frame) * Areas([], ["x", "y"]), frame, ids(frame))
    (marks,) = [part for part in element if isinstance(part, elements.Marks)]
    data = elements.columns(marks)
    assert list(data["tint"]) == [palette.CATEGORIES[0], palette.CATEGORIES[0], palette.CATEGORIES[1], palette.TEXT3]
    assert len(data["level"]) == len(frame)
    assert [(value, n) for value, _, n in filters.swatches(frame)] == [("drainage", 2), ("trees", 1), (filters.NONE, 1)]


def test_beyond_the_scale_the_rest_is_one_colour() -> None:
    names = [f"c{i:02d}" for i in range(14) for _ in range(14 - i)]
    colors = filters.scale(pd.DataFrame({"category": names}))
    assert len({color for color in colors.values() if color != palette.CATEGORY_OTHER}) == len(palette.CATEGORIES) - 1
    assert colors["c00"] == palette.CATEGORIES[0]
    assert colors["c13"] == palette.CATEGORY_OTHER


def test_dots_stand_for_a_density_while_they_can_be_drawn() -> None:
    few = filters.far(get("field_reports"), cases(), VIEW)
    assert isinstance(few, elements.Marks)
    assert set(elements.columns(few)["mark"]) == {"dot"}


def test_beyond_dots_the_density_is_of_the_filtered_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST_DOTS", 3)
    layer = get("field_reports")
    monkeypatch.setattr(type(layer), "draw", lambda _self, frame, _view: elements.of(frame))
    whole = cases()
    kept = whole.iloc[[0, 1, 2, 3, 0, 0]]
    (picture, marks) = flat(filters.far(layer, kept, VIEW))
    rgba = image_rgba(picture)
    assert rgba.shape[:2] == (640, 1280), "4K is drawn small and stretched"
    x0, y0, x1, y1 = VIEW.bounds.mercator
    assert picture.bounds.lbrt() == pytest.approx((x0, y0, x1, y1))
    seen = set()
    for row, column in zip(*np.nonzero(rgba[..., 3]), strict=True):
        seen.add((round(x0 + (column + 0.5) / 1280 * (x1 - x0)), round(y1 - (row + 0.5) / 640 * (y1 - y0))))
    places = [mercator(point.x, point.y) for point in whole.geometry]
    near = 4 * (x1 - x0) / 1280
    assert all(min(abs(x - a) + abs(y - b) for a, b in places) < near for x, y in seen)
    assert all(min(abs(x - a) + abs(y - b) for x, y in seen) < near for a, b in places)
    assert isinstance(marks, elements.Marks), "the abnormal ones stay single"
    assert filters.far(get("cameras"), kept, VIEW) is None


def test_values_are_told_in_words() -> None:
    assert filters.title("field_reports", "category", "drainage", "vi") == "Thoát nước, ngập úng"
    assert filters.title("field_reports", "category", "a_new_one", "en") == "a new one"
    assert filters.title("cameras", "state", "late", "vi") == "trễ"
