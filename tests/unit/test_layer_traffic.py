"""Traffic: how roads run, dark signals, incidents with their level, and no plate in any words."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import holoviews as hv
import pandas as pd
import pytest
from shapely import LineString, MultiLineString, Point

from geodata.rules import congestion, incident
from geodata.rules.masking import masked
from layers.base import get
from layers.elements import Marks, columns
from layers.mapfigure import flat, path_columns, style_of
from tests.support.frames import NOW, ago, cell, rows, view

LAYER = get("traffic")
STREET = LineString([(107.58, 16.46), (107.59, 16.465)])


def measured(key: str, **values: Any) -> list[dict[str, Any]]:
    feed = values.pop("feed", "up")
    time = ago(minutes=values.pop("minutes", 2))
    return [
        {"id": key, "observed_property": name, "time": time, "feed": feed}
        | ({"result_text": value} if isinstance(value, str) else {"result": value})
        for name, value in values.items()
    ]


def segment(key: str, **more: Any) -> dict[str, Any]:
    limit = {"properties": {"speed_limit_kmh": 40}}
    return {"id": key, "name": f"Phố {key}", "category": "segment", "geometry": STREET, **limit, **more}


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    things = rows(
        "thing",
        segment("free"),
        segment("slow"),
        segment("jam", geometry=MultiLineString([STREET, LineString([(107.6, 16.47), (107.61, 16.48)])])),
        segment("shut"),
        segment("night"),
        segment("old"),
        segment("lost", feed="down"),
        segment("bare"),
        {"id": "dark", "name": "Ngã sáu", "category": "junction"},
        {"id": "recorder", "name": "Cầu Chợ Dinh", "category": "junction", "geometry": Point(107.6, 16.484)},
        {"id": "truck", "name": "75C-123.45", "category": "other"},
    )
    told = rows(
        "observation",
        *measured("free", flow=900.0, speed=36.0),
        *measured("slow", flow=700.0, speed=18.0),
        *measured("jam", flow=300.0, speed=5.0, level_of_service="F"),
        *measured("shut", flow=0.0, speed=0.0, level_of_service="F"),
        *measured("night", flow=0.0),
        *measured("old", speed=3.0, minutes=60),
        *measured("lost", speed=3.0, feed="down"),
        *measured("dark", signal_state="dark", queue_length=40.0),
    )
    events = rows(
        "event",
        {
            "id": "crash",
            "category": "accident",
            "title": "Xe 75A-123.45 va chạm, gọi 0905 123 417",
            "severity": 3.0,
            "time": ago(minutes=20),
            "status": "Đang xử lý",
            "properties": {"ward": "Phường Vỹ Dạ"},
        },
        {"id": "flooded", "category": "flooded_road", "severity": 4.0, "time": ago(hours=2)},
        {"id": "unrated", "category": "breakdown", "time": ago(minutes=5), "geometry": None},
        {"id": "over", "category": "accident", "severity": 3.0, "time": ago(hours=5), "end_time": ago(hours=4)},
        {"id": "later", "category": "roadworks", "severity": 1.0, "end_time": ago(hours=-1), "status": "ended"},
        {"id": "unheard", "category": "accident", "severity": 4.0, "feed": "down"},
        {
            "id": "seen",
            "category": "congestion",
            "severity": 2.0,
            "thing_id": "recorder",
            "geometry": Point(107.6, 16.484),
        },
    )
    trucks = rows("position", {"id": "truck", "name": "75C-123.45", "sog_kn": 10.0, "geometry": Point(107.57, 16.47)})
    found: gpd.GeoDataFrame = LAYER.classify(things, told, events, trucks, view=view())  # type: ignore[attr-defined]
    return found


def parts(frame: gpd.GeoDataFrame, zoom: float) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """Ids of the lines by their colour, and the marks."""
    lines: dict[str, list[str]] = {}
    marks = pd.DataFrame()
    for part in flat(LAYER.draw(frame, view(zoom))):
        if isinstance(part, Marks):
            marks = pd.DataFrame(columns(part))
        else:
            assert isinstance(part, hv.Path)
            dashed = "dashed " if style_of(part).get("line_dash") else ""
            lines[dashed + str(style_of(part)["line_color"])] = path_columns(part)["id"]
    return lines, marks


def test_how_roads_run(frame: gpd.GeoDataFrame) -> None:
    of_road = frame[frame["what"] != "incident"]
    ran = of_road["runs"].astype(object).where(of_road["runs"].notna(), None)
    found = {key: (row["state"], ran[key], int(row["level"])) for key, row in of_road.iterrows()}
    nothing = None
    assert found == {
        "free": ("fresh", "free", 0),
        "slow": ("fresh", "slow", 2),
        "jam": ("fresh", "jammed", 3),
        "shut": ("fresh", "closed", 3),
        "night": ("fresh", nothing, 0),  # no cars is no closed road
        "old": ("silent", nothing, 0),
        "lost": ("unknown", nothing, 0),
        "bare": ("planned", nothing, 0),
        "dark": ("fresh", nothing, 2),
        "recorder": ("fresh", nothing, 0),
        "truck": ("fresh", nothing, 0),
    }


def test_incidents(frame: gpd.GeoDataFrame) -> None:
    found = {key: (row["state"], int(row["level"])) for key, row in frame[frame["what"] == "incident"].iterrows()}
    assert found == {
        "crash": ("fresh", 3),
        "flooded": ("fresh", 4),
        "unrated": ("fresh", 2),
        "over": ("fresh", 0),
        "later": ("fresh", 1),  # its end lies ahead of the clock
        "unheard": ("unknown", 0),
        "seen": ("fresh", 2),
    }
    assert cell(frame, "over", "alpha") < cell(frame, "crash", "alpha") == 1


def test_lines_and_marks_by_zoom(frame: gpd.GeoDataFrame) -> None:
    lines, marks = parts(frame, 13.5)
    classes = (("night", "old", "bare"), ("free",), ("lost",), ("slow",), ("jam",), ("shut",))
    assert {frozenset(ids) for ids in lines.values()} == {frozenset(names) for names in classes}
    assert {"crash", "flooded", "dark", "recorder", "truck", "over"} <= set(marks["id"])
    at = marks.set_index("id")
    assert cell(at, "seen", "x") > cell(at, "recorder", "x")  # it stands at the shoulder of its recorder
    far_lines, far_marks = parts(frame, 8)
    assert {i for ids in far_lines.values() for i in ids} == {"lost", "slow", "jam", "shut"}
    assert set(far_marks["id"]) == {"crash", "flooded", "dark", "seen"}
    assert set(parts(frame, 11)[1]["id"]) == {"crash", "flooded", "dark", "seen", "later", "unheard"}


def test_legend_counts_every_row_once(frame: gpd.GeoDataFrame) -> None:
    legend = LAYER.legend(frame)
    counted = {item.title_vi: item.count for item in legend}
    assert sum(item.count or 0 for item in legend) == len(frame)
    assert counted["thông thoáng"] == counted["đi chậm"] == 1
    assert counted["đường tắc"] == counted["đường tắc, không có xe qua"] == 1
    assert counted["đèn tín hiệu tắt"] == 1
    assert counted["sự cố, mức 4"] == counted["sự cố đã xong"] == 1
    assert counted["chưa rõ, mất nguồn"] == 2
    assert LAYER.count(frame) == 4


def test_in_words(frame: gpd.GeoDataFrame) -> None:
    jam = LAYER.inspect(frame.loc["jam"], "vi")
    assert jam["Tình trạng"] == "ùn tắc, mức phục vụ F"
    assert jam["Tốc độ trung bình"] == "5\u2009km/giờ"
    assert jam["Tốc độ cho phép"] == "40\u2009km/giờ"
    assert jam["Tuổi"] == "2 phút"
    crash = LAYER.inspect(frame.loc["crash"], "vi")
    assert crash["Sự cố"] == "Tai nạn"
    assert crash["Nội dung"] == "Xe 75A-••••• va chạm, gọi 09•• ••• 417"
    assert crash["Nơi"] == "Phường Vỹ Dạ"
    assert crash["Trạng thái"] == "đang diễn ra, 20 phút"
    assert LAYER.inspect(frame.loc["over"], "en")["State"] == "over, lasted 1 h"
    assert LAYER.inspect(frame.loc["unrated"], "en")["Level"] == "not rated by the source"
    assert LAYER.inspect(frame.loc["dark"], "en")["Signals"] == "dark"
    for key in ("bare", "recorder"):
        assert LAYER.inspect(frame.loc[key], "vi")["Trạng thái"] == "chưa có số đo"


def test_no_plate_leaves_the_layer(frame: gpd.GeoDataFrame) -> None:
    kept = frame.drop(columns=["geometry"]).to_csv()
    told = "".join(LAYER.table(frame, "vi").fillna("").to_csv())
    for secret in ("75C-123.45", "123.45", "0905"):
        assert secret not in kept + told


def test_nothing_is_an_empty_picture() -> None:
    nothing: gpd.GeoDataFrame = LAYER.classify(  # type: ignore[attr-defined]
        *(rows(kind) for kind in ("thing", "observation", "event", "position")), view=view()
    )
    lines, marks = parts(nothing, 13)
    assert not any(lines.values())
    assert marks.empty
    assert not any(item.count for item in LAYER.legend(nothing))


@pytest.mark.parametrize(
    ("speed", "free", "grade"),
    [(40, 40, "A"), (34, 40, "A"), (33.9, 40, "B"), (20, 40, "C"), (16, 40, "D"), (12, 40, "E"), (11.9, 40, "F")],
)
def test_grades_of_the_manual(speed: float, free: float, grade: str) -> None:
    assert congestion.grade(speed, free) == grade


def test_grades_of_nothing() -> None:
    assert congestion.grade(None, 40) is congestion.grade(20, 0) is congestion.grade(-1, 40) is None
    assert congestion.grade(float("nan"), 40) is None
    assert congestion.class_of("G") is congestion.class_of(None, 0, 0) is None
    assert congestion.class_of("f", 10, 5) == "jammed"


def test_course_of_an_incident() -> None:
    assert incident.course(NOW, None, "Đang xử lý") == "open"
    assert incident.course(NOW, None, "ended") == "ended"
    assert incident.course(NOW, ago(hours=-1), "ended") == "open"
    assert incident.course(NOW, NOW) == "ended"
    assert incident.course(NOW, None, "false_positive") == "never"
    assert [incident.level(s) for s in (None, float("nan"), 0, 1, 4, 5, 9)] == [2, 2, 0, 1, 4, 4, 4]
    assert [round(incident.faded(s, 100), 3) for s in (0, 50, 100, 900)] == [0.7, 0.575, 0.45, 0.45]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gọi 0905 123 417", "gọi 09•• ••• 417"),
        ("gọi +84 905.123.417", "gọi 84•• ••• 417"),
        ("75B-012.34, 75H1 23456 và 29AA-123.45", "75B-•••••, 75H1-••••• và 29AA-•••••"),
        ("CCCD 046095001234", "CCCD ••••••••••••"),
        ("Tuyến 05, km 12, 15 phút, 1022, 21/11/2026 08:15", "Tuyến 05, km 12, 15 phút, 1022, 21/11/2026 08:15"),
        ("Ngập 0,45 m ở QL49B, 1.234.567 đ", "Ngập 0,45 m ở QL49B, 1.234.567 đ"),
    ],
)
def test_numbers_that_point_at_people_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
