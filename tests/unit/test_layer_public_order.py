"""Public order: incidents by level and how long they are over, units on duty, and never a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from geodata.records import Event
from geodata.view import View
from layers.base import get
from layers.elements import columns
from tests.support.frames import ago, cell, rows, view

LAYER = get("public_order")
SECRET = "Nguyễn Thị Mật, 0905 123 417"


def unit(key: str, name: str | None, lon: float = 107.585, **more: Any) -> dict[str, Any]:
    place = {"geometry": Point(lon, 16.47), "category": "unit", "cadence_s": 120.0, "late_factor": 6.0}
    return {"id": key, "name": name, "time": ago(seconds=30), **place, **more}


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    events = rows(
        "event",
        {
            "id": "rescue",
            "category": "rescue",
            "severity": 4.0,
            "title": SECRET,
            "description": SECRET,
            "time": ago(minutes=90),
            "status": "Đang xử lý",
            "properties": {"ward": "Phường An Cựu", "reporter": SECRET},
        },
        {"id": "unrated", "category": "missing_person", "title": SECRET, "time": ago(minutes=5)},
        {"id": "disaster", "category": "fire", "severity": 5.0, "geometry": Point(107.57, 16.45)},
        {"id": "just", "category": "fight", "severity": 2.0, "time": ago(hours=2), "end_time": ago(minutes=10)},
        {"id": "long", "category": "theft", "severity": 3.0, "time": ago(hours=23), "end_time": ago(hours=22)},
        {"id": "lost", "category": "fight", "severity": 3.0, "feed": "down"},
        {"id": "never", "category": "crowd", "status": "false_positive"},
        {"id": "at_post", "category": "crowd", "severity": 2.0, "thing_id": "post", "geometry": Point(107.6, 16.48)},
    )
    things = rows(
        "thing",
        {"id": "post", "name": "Bến xe phía Bắc", "category": "post", "geometry": Point(107.6, 16.48)},
        {"id": "no_place", "name": "Chốt 2", "category": "post", "geometry": None},
        unit("patrol", "Tuần tra 04"),
    )
    positions = rows(
        "position",
        unit("patrol", "Tuần tra 04", 107.58),
        unit("named", "Nguyễn Thị Mật", 107.59),
        unit("quiet", "Xuồng 2", 107.61, time=ago(minutes=30)),
        unit("off", "Tuần tra 09", time=ago(hours=13)),
        unit("gone", "Xuồng 3", properties={"deleted": True}),
        unit("unheard", "Tuần tra 05", 107.62, feed="down"),
        unit("gate", "Chốt Thuận Hóa", 107.63, category="post"),
    )
    found: gpd.GeoDataFrame = LAYER.classify(events, things, positions, view=view())  # type: ignore[attr-defined]
    return found


def drawn(frame: gpd.GeoDataFrame, zoom: float) -> pd.DataFrame:
    return pd.DataFrame(columns(LAYER.draw(frame, view(zoom)))).set_index("id", drop=False)


def test_states_and_levels(frame: gpd.GeoDataFrame) -> None:
    assert {key: (row["what"], row["state"], int(row["level"])) for key, row in frame.iterrows()} == {
        "rescue": ("incident", "fresh", 4),
        "unrated": ("incident", "fresh", 2),
        "disaster": ("incident", "fresh", 4),
        "just": ("incident", "fresh", 0),
        "long": ("incident", "fresh", 0),
        "lost": ("incident", "unknown", 0),
        "at_post": ("incident", "fresh", 2),
        "post": ("post", "fresh", 0),
        "gate": ("post", "fresh", 0),
        "patrol": ("unit", "fresh", 0),
        "named": ("unit", "fresh", 0),
        "quiet": ("unit", "silent", 2),
        "unheard": ("unit", "unknown", 0),
    }
    assert 0.45 <= cell(frame, "long", "alpha") < cell(frame, "just", "alpha") < cell(frame, "rescue", "alpha") == 1


def test_drawn_by_zoom(frame: gpd.GeoDataFrame) -> None:
    assert set(drawn(frame, 8)["id"]) == {"rescue", "unrated", "disaster", "at_post", "quiet"}
    middle = drawn(frame, 11)
    assert {"patrol", "just"} <= set(middle["id"])
    assert "gate" not in set(middle["id"])
    near = drawn(frame, 13.5)
    assert set(near["mark"]) == {"hexagon"}
    assert cell(near, "patrol", "scale") < cell(near, "just", "scale") < cell(near, "rescue", "scale")
    assert cell(near, "at_post", "x") > cell(near, "post", "x")
    assert cell(drawn(frame, 15), "disaster", "name") == "Cháy nổ"


def test_legend_counts_every_row_once(frame: gpd.GeoDataFrame) -> None:
    legend = LAYER.legend(frame)
    assert {item.title_vi: item.count for item in legend} == {
        "đơn vị, chốt trực": 4,
        "đơn vị mất liên lạc": 1,
        "vụ việc đã xong": 2,
        "vụ việc, mức 2": 2,
        "vụ việc, mức 4": 2,
        "chưa rõ, mất nguồn": 2,
    }
    assert legend[-1].state == "unknown"
    assert LAYER.count(frame) == 4


def test_in_words(frame: gpd.GeoDataFrame) -> None:
    rescue = LAYER.inspect(frame.loc["rescue"], "vi")
    assert rescue["Vụ việc"] == "Cứu nạn, cứu hộ"
    assert rescue["Nơi"] == "Phường An Cựu"
    assert rescue["Trạng thái"] == "đang diễn ra, 1 giờ 30"
    assert cell(frame, "rescue", "title") == "Cứu nạn, cứu hộ, Phường An Cựu"
    assert LAYER.inspect(frame.loc["just"], "en")["State"] == "over, lasted 1 h 50"
    assert LAYER.inspect(frame.loc["unrated"], "en")["Level"] == "not rated by the source"
    assert LAYER.inspect(frame.loc["patrol"], "vi")["Đơn vị"] == "Tuần tra 04"
    assert LAYER.inspect(frame.loc["gate"], "vi")["Đơn vị"] == "Chốt Thuận Hóa"
    assert LAYER.inspect(frame.loc["named"], "vi")["Đơn vị"] == "không nêu tên"


def test_no_person_leaves_the_layer(frame: gpd.GeoDataFrame) -> None:
    told = frame.to_csv() + LAYER.table(frame, "vi").to_csv() + LAYER.table(frame, "en").to_csv()
    assert "Mật" not in told
    assert "0905" not in told


def test_nothing_is_an_empty_picture() -> None:
    kinds = ("event", "thing", "position")
    nothing: gpd.GeoDataFrame = LAYER.classify(*(rows(k) for k in kinds), view=view())  # type: ignore[attr-defined]
    assert nothing.empty
    assert not len(LAYER.draw(nothing, view()))
    assert [item.count for item in LAYER.legend(nothing)] == [0]
    assert LAYER.count(nothing) == 0


def test_an_incident_that_goes_on_stays_however_narrow_the_window() -> None:
    asked: list[tuple[str, float]] = []
    incidents = rows(
        "event",
        {"id": "open", "category": "rescue", "severity": 4.0, "time": ago(days=3)},
        {"id": "ends_later", "category": "crowd", "time": ago(days=2), "end_time": ago(days=-1)},
        {"id": "over", "category": "fight", "time": ago(days=2), "end_time": ago(days=1, hours=1)},
        {"id": "closed", "category": "fight", "time": ago(days=2), "status": "closed"},
        {"id": "just", "category": "fight", "time": ago(days=2), "end_time": ago(hours=1)},
    )

    class Asked:
        def latest(self, _service: str, kind: type, at: View) -> gpd.GeoDataFrame:
            asked.append((kind.__name__, (at.end - at.start) / timedelta(days=1)))
            return incidents if kind is Event else rows(kind.__name__.lower())

    found = LAYER.load(Asked(), view())  # type: ignore[arg-type]
    assert set(found.index) == {"open", "ends_later", "just"}
    assert found["level"].to_dict() == {"just": 0, "ends_later": 2, "open": 4}
    assert dict(asked) == {"Event": 30.0, "Thing": 1.0, "Position": 1.0}
