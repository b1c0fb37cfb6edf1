"""Filters and colours of a layer are sums over its frame: rows kept, counts of all, marks coloured by category."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from app.pages import filters
from app.pages.pictures import ids
from layers import elements, palette
from layers.elements import Areas


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


def test_dots_stand_for_a_density_only_while_they_can_be_drawn() -> None:
    few = filters.dots(cases())
    assert few is not None
    assert set(elements.columns(few)["mark"]) == {"dot"}
    assert filters.dots(gpd.GeoDataFrame(pd.concat([cases()] * (filters.MOST_DOTS // 4 + 1)))) is None


def test_values_are_told_in_words() -> None:
    assert filters.title("field_reports", "category", "drainage", "vi") == "Thoát nước, ngập úng"
    assert filters.title("field_reports", "category", "a_new_one", "en") == "a new one"
    assert filters.title("cameras", "state", "late", "vi") == "trễ"
