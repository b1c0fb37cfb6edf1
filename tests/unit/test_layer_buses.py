"""Buses: in service or gone home, late or silent, what passengers are told; no plate in anything."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

from geodata.rules import punctuality
from layers.base import get
from layers.elements import columns
from tests.support.frames import ago, cell, rows, view

LAYER = get("buses")
ON_LINE = {"in_service": True, "route": "10", "route_name": "Đại học Huế – Vinh Thanh", "license_plate": "75B-012.34"}


def bus(key: str, lon: float = 107.585, **more: Any) -> dict[str, Any]:
    plain = {"name": f"10-{key}", "category": "bus", "cadence_s": 15.0, "late_factor": 8.0, "sog_kn": 12.0}
    return {
        "id": key, "time": ago(seconds=10), "properties": ON_LINE, "geometry": Point(lon, 16.463), **plain, **more
    }  # fmt: skip


def delay(key: str, seconds: float, minutes: float = 1) -> dict[str, Any]:
    return {"id": key, "observed_property": "delay", "result": seconds, "time": ago(minutes=minutes)}


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    positions = rows(
        "position",
        bus("good", 107.58, heading_deg=90.0),
        bus("slow", 107.59, cog_deg=200.0),
        bus("late", 107.60),
        bus("old_news", 107.61),
        bus("trailing", 107.62, time=ago(seconds=60)),
        bus("silent", 107.63, time=ago(minutes=20)),
        bus("lost", 107.64, feed="down"),
        bus("home", properties={"in_service": False}),
        bus("asleep", properties={}, time=ago(hours=9)),
        bus("plated", 107.65, name="75B-012.34", properties=None),
    )
    told = rows(
        "observation",
        delay("good", 60.0),
        delay("slow", 420.0),
        delay("late", 700.0),
        delay("old_news", 900.0, minutes=40),
        delay("silent", 900.0),
        {"id": "good", "observed_property": "occupancy_status", "result_text": "FEW_SEATS_AVAILABLE"},
        {"id": "good", "observed_property": "occupancy", "result": 62.0},
    )
    things = rows(
        "thing", {"id": "stop", "name": "Đàn Nam Giao", "category": "stop"}, {"id": "good", "category": "bus"}
    )
    events = rows(
        "event",
        {
            "id": "shut",
            "geometry": None,
            "category": "no_service",
            "title": "Tuyến 05 tạm ngừng do lũ",
            "severity": 4.0,
            "time": ago(hours=2),
            "end_time": ago(hours=-4),
            "properties": {"routes": ["05"]},
        },
        {"id": "around", "geometry": None, "category": "detour", "severity": 2.0, "properties": {"routes": []}},
        {"id": "past", "geometry": None, "category": "detour", "end_time": ago(hours=1), "time": ago(hours=3)},
    )
    found: gpd.GeoDataFrame = LAYER.classify(positions, told, things, events, view=view())  # type: ignore[attr-defined]
    return found


def drawn(frame: gpd.GeoDataFrame, zoom: float) -> pd.DataFrame:
    return pd.DataFrame(columns(LAYER.draw(frame, view(zoom)))).set_index("id", drop=False)


def test_states_and_levels(frame: gpd.GeoDataFrame) -> None:
    assert {key: (row["what"], row["state"], int(row["level"])) for key, row in frame.iterrows()} == {
        "good": ("bus", "fresh", 0),
        "slow": ("bus", "fresh", 0),
        "late": ("bus", "fresh", 2),
        "old_news": ("bus", "fresh", 0),
        "trailing": ("bus", "late", 0),
        "silent": ("bus", "silent", 2),
        "lost": ("bus", "unknown", 0),
        "plated": ("bus", "fresh", 0),
        "stop": ("stop", "fresh", 0),
        "shut": ("notice", "fresh", 3),  # the source says 4: a line that does not run is no emergency of the city
        "around": ("notice", "fresh", 1),
    }


def test_drawn_by_zoom(frame: gpd.GeoDataFrame) -> None:
    assert set(drawn(frame, 8)["id"]) == {"late", "silent"}
    assert set(drawn(frame, 11).loc[["good", "late"], "mark"]) == {"dot", "bus"}
    near = drawn(frame, 13.6)
    assert set(near["mark"]) == {"bus"}
    assert cell(near, "good", "name").strip() == "10"
    assert cell(near, "good", "name") != "10"  # its tick points where the number would begin
    assert cell(near, "slow", "az") == 200
    assert cell(drawn(frame, 15.5), "stop", "mark") == "dot"


def test_legend_counts_every_row_once(frame: gpd.GeoDataFrame) -> None:
    assert {item.title_vi: item.count for item in LAYER.legend(frame)} == {
        "đang chạy": 4,
        "điểm dừng": 1,
        "tin trễ": 1,
        "thông báo đổi lịch, đường đi": 1,
        "chậm trên 10 phút": 1,
        "mất tín hiệu": 1,
        "tuyến ngừng chạy": 1,
        "chưa rõ, mất nguồn": 1,
    }
    assert LAYER.count(frame) == 6


def test_in_words(frame: gpd.GeoDataFrame) -> None:
    good = LAYER.inspect(frame.loc["good"], "vi")
    assert good["Tuyến"] == "10 · Đại học Huế – Vinh Thanh"
    assert good["Giờ chạy"] == "đúng giờ"
    assert good["Mức đông"] == "còn ít chỗ, 62%"
    assert good["Tốc độ"] == "22\u2009km/giờ"
    assert LAYER.inspect(frame.loc["slow"], "vi")["Giờ chạy"] == "chậm 7 phút"
    assert LAYER.inspect(frame.loc["slow"], "en")["Timetable"] == "7 min late"
    assert LAYER.inspect(frame.loc["old_news"], "vi")["Giờ chạy"] == "chưa rõ"
    assert LAYER.inspect(frame.loc["plated"], "en")["Line"] == "on no line"
    shut = LAYER.inspect(frame.loc["shut"], "vi")
    assert shut["Thông báo"] == "Ngừng chạy"
    assert shut["Tuyến"] == "05"
    assert LAYER.inspect(frame.loc["around"], "vi")["Tuyến"] == "mọi tuyến"


def test_no_plate_leaves_the_layer(frame: gpd.GeoDataFrame) -> None:
    assert "012.34" not in frame.to_csv() + LAYER.table(frame, "vi").to_csv()


def test_nothing_is_an_empty_picture() -> None:
    kinds = ("position", "observation", "thing", "event")
    nothing: gpd.GeoDataFrame = LAYER.classify(*(rows(k) for k in kinds), view=view())  # type: ignore[attr-defined]
    assert nothing.empty
    assert not len(LAYER.draw(nothing, view()))
    assert [item.count for item in LAYER.legend(nothing)] == [0]


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        (-61, "early"),
        (-60, "on_time"),
        (0, "on_time"),
        (300, "on_time"),
        (301, "behind"),
        (599, "behind"),
        (600, "late"),
    ],
)
def test_punctuality(seconds: float, word: str) -> None:
    assert punctuality.punctuality(seconds) == word
    assert punctuality.level(seconds) == (2 if word == "late" else 0)


def test_punctuality_of_nothing() -> None:
    assert punctuality.punctuality(None) is punctuality.punctuality(float("nan")) is None
    assert [punctuality.notice_level(c) for c in ("no_service", "detour", None, "?")] == [3, 1, 1, 1]
