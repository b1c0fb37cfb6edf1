"""A tap that hits several things: marks before lines before areas, the top one chosen, every other one offered once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
from shapely import Point, box

from app.pages import hits
from geodata.view import Bounds, View, mercator
from layers import elements
from layers.base import layers
from layers.mapfigure import MapFigure

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
X, Y = mercator(107.59, 16.465)


def figure() -> MapFigure:
    one = MapFigure(View(Bounds(107.5, 16.4, 107.7, 16.5), 800, 500, NOW, NOW))
    marks = {"x": [X, X], "y": [Y, Y], "mark": ["dot"] * 2, "id": ["a", "b"]}
    path = hv.Path([{"x": np.array([X, X + 9]), "y": np.array([Y, Y]), "id": "road"}], ["x", "y"], "id")
    one.set("field_reports", elements.of(marks), z_order=50)
    one.set("air_quality", elements.of(marks), z_order=40)
    one.set("hydrology", path, z_order=30)
    one.set("fishing_vessels", elements.areas([box(107.5, 16.4, 107.7, 16.5)], "#FFFFFF", ids=["zone"]), z_order=90)
    one.set("labels", elements.of(marks), z_order=1000)
    return one


def tap(one: MapFigure, chosen: dict[str, list[int]]) -> None:
    for name, indices in chosen.items():
        for source in one.sources[name]:
            source.selected.indices = indices


def test_marks_come_before_lines_before_areas_and_the_top_first() -> None:
    one = figure()
    tap(one, {"fishing_vessels": [0], "hydrology": [0], "air_quality": [0], "field_reports": [0, 1], "labels": [0]})
    found = hits.taken(one, layers())
    names = ["field_reports b", "field_reports a", "air_quality a", "hydrology road", "fishing_vessels zone"]
    # the order of layers is that of the layers themselves, whatever the figure was told
    assert sorted(f"{hit.service} {hit.key}" for hit in found[:3]) == sorted(names[:3])
    assert [f"{hit.service} {hit.key}" for hit in found[3:]] == names[3:]
    assert [hit.rank for hit in found] == [hits.MARK] * 3 + [hits.LINE, hits.AREA]
    assert hits.taken(one, layers()) == []  # the same mark can be chosen again


def test_a_row_that_is_no_longer_there_is_no_hit() -> None:
    one = figure()
    tap(one, {"field_reports": [7]})
    assert hits.taken(one, layers()) == []


def test_the_database_says_the_nearest_thing_once_and_how_it_was_chosen() -> None:
    rows: Any = pd.DataFrame(
        {
            "kind": ["Position", "Thing", "Feature"],
            "chosen": ["nearest_fix", "latest", "latest"],
            "distance_m": [3.0, 8.0, 0.0],
            "geometry": [Point(107.6, 16.5)] * 3,
        },
        index=["mmsi:1", "mmsi:1", "zone"],
    )
    (hit,) = hits.stored(rows, "fishing_vessels")
    assert hit.name == ("fishing_vessels", "mmsi:1")
    assert hit.row is not None
    assert hit.row["chosen"] == "nearest_fix"
    assert hits.stored(rows.iloc[:0], "fishing_vessels") == []
