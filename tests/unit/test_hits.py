"""A tap that hits several things: marks before lines before areas, the top one chosen, every other one offered once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import holoviews as hv
import numpy as np
import pandas as pd
from shapely import Point, box

from app.pages import fan, hits
from app.pages.hits import Hit
from geodata.view import Bounds, View, lonlat, mercator
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


def test_a_mark_of_the_fan_is_meant_alone() -> None:
    one = figure()
    crowd = [
        fan.Member(hit=Hit(service="field_reports", key=key, rank=hits.MARK), row=pd.Series({"mark": "pin"}), x=X, y=Y)
        for key in "ab"
    ]
    one.set(fan.FAN, fan.drawn(crowd, 10.0), z_order=fan.FAN_Z)
    tap(one, {"field_reports": [0]})
    (marks,) = [source for source in one.sources[fan.FAN] if "id" in source.data]
    marks.selected.indices = [1]
    (hit,) = hits.taken(one, layers())
    assert (hit.service, hit.key, hit.fanned) == ("field_reports", "b", True)
    assert [renderer.name for renderer in one.figure.renderers][-2:] != [fan.FAN, fan.FAN], "names lie above it"


def row(x: float, **look: Any) -> pd.Series[Any]:
    lon, lat = lonlat(X + x, Y)
    return pd.Series({"geometry": Point(lon, lat), "mark": "pin", "state": "fresh", "level": 0, "alpha": 1.0, **look})


def test_only_marks_that_hide_each_other_come_apart() -> None:
    named = [Hit(service="field_reports", key=str(i), rank=hits.MARK) for i in range(4)]
    rows = [row(0), row(5), row(30), None]
    assert [one.hit.key for one in fan.members(list(zip(named, rows, strict=True)), 1.0)] == ["0", "1"]
    assert [one.hit.key for one in fan.members(list(zip(named, rows, strict=True)), 3.0)] == ["0", "1", "2"]
    assert fan.members([(named[0], rows[0]), (named[2], rows[2])], 1.0) == []


def test_places_of_the_fan_are_apart_and_every_look_is_kept() -> None:
    spots = list(fan.places(fan.MOST))
    gaps = [float(np.hypot(a - c, b - d)) for i, (a, b) in enumerate(spots) for c, d in spots[:i]]
    assert len(spots) == fan.MOST == 48
    assert min(gaps) > 21
    hit = [Hit(service=name, key="a~b", rank=hits.MARK) for name in ("field_reports", "hydrology", "air_quality")]
    looks = [row(0, level=3), row(1, mark="badge", text="3,05", dx=40.0, alpha=np.nan), row(2, mark="area")]
    crowd = fan.members(list(zip(hit, looks, strict=True)), 1.0)
    (marks,) = [part for part in fan.drawn(crowd, 1.0) if isinstance(part, elements.Marks)]
    data = elements.columns(marks)
    assert list(data["mark"]) == ["pin", "badge", "dot"]
    assert list(data["level"]) == [3, 0, 0]
    assert list(data["alpha"]) == [1.0, 1.0, 1.0]
    assert list(data["dx"]) == [0.0, 0.0, 0.0]
    assert [fan.meant(name) for name in data["id"]] == [one.name for one in hit]


def test_the_fan_folds_when_the_scale_changes() -> None:
    one = figure()
    open_ = fan.Fan(one)
    crowd = fan.members([(Hit(service="field_reports", key=str(i), rank=hits.MARK), row(i)) for i in range(3)], 1.0)
    open_.show(crowd, 1.0, 13.0)
    open_.moved(13.0)
    assert open_.open
    assert fan.FAN in one.renderers
    open_.moved(13.4)
    assert fan.FAN not in one.renderers


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
