"""Cameras: what their pictures are, what was seen there, where they look, and how much of it is drawn from where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geodata.rules import sight
from layers.base import get
from layers.elements import columns
from tests.support.frames import HOME, ago, cell, rows, view

LAYER = get("cameras")


def status(key: str, word: str, minutes: float = 1, **more: Any) -> dict[str, Any]:
    return {"id": key, "observed_property": "status", "result_text": word, "time": ago(minutes=minutes), **more}


def aged(key: str, seconds: float) -> dict[str, Any]:
    return {"id": key, "observed_property": "frame_age", "result": seconds, "time": ago(minutes=1)}


def camera(key: str, **more: Any) -> dict[str, Any]:
    plain = {"name": f"Cầu {key}", "category": "traffic", "azimuth_deg": 310.0, "fov_deg": 95.0, "range_m": 120.0}
    return {"id": key, "time": ago(hours=5), **plain, **more}


OWNER = {"owner": "Ban An toàn giao thông", "project": "Camera an ninh", "snapshot_time": "2026-11-22T05:10:00Z"}


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    things = rows(
        "thing",
        camera("live", properties=OWNER),
        camera("late"),
        camera("quiet"),
        camera("frozen"),
        camera("dark"),
        camera("gone", azimuth_deg=None),
        camera("lost", feed="down"),
        camera("counting", fov_deg=None, range_m=None),
        camera("nowhere", geometry=None),
    )
    told = rows(
        "observation",
        status("live", "live"),
        aged("live", 30.0),
        status("late", "live", minutes=10),
        status("quiet", "live", minutes=30),
        status("frozen", "frozen"),
        aged("frozen", 3600.0),
        status("dark", "dark"),
        status("gone", "unreachable"),
        status("lost", "dark", feed="down"),
        {"id": "counting", "observed_property": "people_count", "result": 12.0},
        status("nowhere", "live"),
    )
    flood = {"category": "flood", "severity": 3.0, "status": "open"}
    events = rows(
        "event",
        {"id": "e1", "thing_id": "live", "time": ago(minutes=26), **flood},
        {"id": "e2", "thing_id": "live", "time": ago(minutes=3), "category": "jam", "severity": 2.0, "status": "open"},
        {"id": "e3", "thing_id": "late", "time": ago(hours=3), "end_time": ago(hours=1), **flood, "status": "ended"},
        {"id": "e4", "thing_id": "lost", "time": ago(minutes=3), "feed": "down", **flood},
        {"id": "e5", "thing_id": "stranger", "time": ago(minutes=5), "category": "crowd", "severity": 5.0},
        {"id": "e6", "thing_id": "dark", "status": "false_positive"},
    )
    found: gpd.GeoDataFrame = LAYER.classify(things, told, events, view())  # type: ignore[attr-defined]
    return found


def drawn(frame: gpd.GeoDataFrame, zoom: float) -> pd.DataFrame:
    return pd.DataFrame(columns(LAYER.draw(frame, view(zoom))))


def test_states_and_levels(frame: gpd.GeoDataFrame) -> None:
    found = {key: (row["state"], int(row["fault"]), int(row["level"])) for key, row in frame.iterrows()}
    assert found == {
        "live": ("fresh", 0, 3),  # a detector sees a flood there
        "late": ("late", 0, 0),
        "quiet": ("silent", 1, 1),
        "frozen": ("late", 2, 2),
        "dark": ("silent", 2, 2),
        "gone": ("silent", 2, 2),
        "lost": ("unknown", 0, 0),
        "counting": ("fresh", 0, 0),
        "nowhere": ("fresh", 0, 0),
        "e5": ("fresh", 0, 4),  # no detector speaks of a disaster
    }
    assert cell(frame, "live", "seen") == "flood"
    assert cell(frame, "gone", "kind") == "unreachable"
    assert (cell(frame, "live", "mark"), cell(frame, "dark", "mark")) == ("incident", "camera")


def test_legend_counts_each_camera_once(frame: gpd.GeoDataFrame) -> None:
    legend = LAYER.legend(frame)
    assert {item.title_vi: item.count for item in legend} == {
        "đang có hình": 2,
        "tin trễ": 1,
        "không có tin": 1,
        "mất hình": 2,
        "mất hình, hình đứng": 1,
        "có phát hiện, mức 3": 1,
        "có phát hiện, mức 4": 1,
        "chưa rõ, mất nguồn": 1,
    }
    assert sum(item.count or 0 for item in legend) == len(frame)
    assert LAYER.count(frame) == 4


def test_from_afar_only_what_needs_acting_on(frame: gpd.GeoDataFrame) -> None:
    assert set(drawn(frame, 8)["id"]) == {"live", "frozen", "dark", "gone", "e5"}
    middle = drawn(frame, 11)
    assert set(middle["range"].dropna()) == {0.0}
    assert middle[middle["id"] == "late"]["scale"].iloc[0] < middle[middle["id"] == "dark"]["scale"].iloc[0]
    assert "nowhere" not in set(middle["id"])


def test_cones_point_from_near_and_are_to_scale_from_nearer(frame: gpd.GeoDataFrame) -> None:
    def cone(zoom: float) -> float:
        marks = drawn(frame, zoom)
        return float(marks[(marks["id"] == "late") & (marks["mark"] == "camera")]["range"].iloc[0])

    assert cone(13) == 22
    metre = 156543.03 / 2**17 * 0.9589  # px of one metre on the ground at 16,46° N
    assert cone(17) == pytest.approx(120 / metre, rel=0.01)


def test_a_detection_stands_at_the_shoulder_of_its_camera(frame: gpd.GeoDataFrame) -> None:
    marks = drawn(frame, 13.5)
    both = marks[marks["id"] == "live"].set_index("mark")
    assert int(cell(both, "camera", "level")) == 0  # the picture itself is well
    assert int(cell(both, "incident", "level")) == 3
    assert cell(both, "incident", "x") > cell(both, "camera", "x")


def test_a_wall_shows_what_a_desk_of_its_marks_would(frame: gpd.GeoDataFrame) -> None:
    desk = view(13)
    wall = replace(desk, width_px=3840, height_px=2560)  # zoom 14.7, with marks 2.2 times as large
    marks = pd.DataFrame(columns(LAYER.draw(frame, wall)))
    assert set(marks["range"].dropna()) == {22.0}
    further = replace(view(11.2), width_px=3840, height_px=2560)  # zoom 12.9: for its marks it is 11.7
    marks = pd.DataFrame(columns(LAYER.draw(frame, further)))
    assert set(marks["range"].dropna()) == {0.0}


def test_names_do_not_lie_on_each_other(frame: gpd.GeoDataFrame) -> None:
    assert drawn(frame, 15)["name"].isna().all()
    assert drawn(frame, 17)["name"].notna().sum() == 1  # all stand on one spot


def test_in_words(frame: gpd.GeoDataFrame) -> None:
    said = LAYER.inspect(frame.loc["live"], "vi")
    assert list(said)[:4] == ["Camera", "Hình", "Hình cuối", "Phát hiện"]
    assert said["Hình"] == "đang có hình"
    assert said["Hình cuối"] == "22/11/2026 12:58, 1 phút"
    assert said["Phát hiện"] == "Ngập nước, mức 3, 26 phút"
    assert said["Hướng nhìn"] == "310° tây bắc, góc 95°"
    assert said["Chủ quản"] == "Ban An toàn giao thông"
    assert LAYER.inspect(frame.loc["frozen"], "vi")["Trạng thái"] == "mất hình"
    assert LAYER.inspect(frame.loc["frozen"], "vi")["Hình cuối"].endswith("1 giờ 01")
    assert LAYER.inspect(frame.loc["lost"], "en")["Picture"] == "last known: picture dark or covered"
    assert LAYER.inspect(frame.loc["counting"], "en")["Looks to"] == "310° north-west, angle 60° (assumed)"
    assert LAYER.inspect(frame.loc["counting"], "en")["People"] == "12"
    assert LAYER.inspect(frame.loc["gone"], "en")["Looks to"] == "not declared"
    assert LAYER.inspect(frame.loc["e5"], "vi")["Camera"] == "không có trong danh mục"


def test_only_cameras_see(frame: gpd.GeoDataFrame) -> None:
    found = sight.sees(frame, HOME)
    assert "e5" not in found.index
    assert cell(found, "dark", "state") == "silent"


def test_nothing_is_an_empty_picture() -> None:
    nothing: gpd.GeoDataFrame = LAYER.classify(  # type: ignore[attr-defined]
        rows("thing"), rows("observation"), rows("event"), view()
    )
    assert nothing.empty
    assert drawn(nothing, 13).empty
    assert [(item.title_vi, item.count) for item in LAYER.legend(nothing)] == [("đang có hình", 0)]
    assert LAYER.count(nothing) == 0
