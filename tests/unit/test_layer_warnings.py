"""Warnings: levels, drills, what is to come, areas by name, several over one another, words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import shapely

from geodata.rules import warning
from layers import _named_areas as named
from layers import _warned, mapfigure, palette
from layers.base import get
from layers.elements import Areas, Marks, columns
from tests.support import layer_frames as frames

LAYER: Any = get("warnings")


@pytest.mark.parametrize(
    ("severity", "official", "level"),
    [
        ("Minor", None, 1),
        ("Moderate", None, 2),
        ("Severe", None, 3),
        ("Extreme", None, 4),
        ("Extreme", 5, 5),
        ("Severe", 2.0, 2),  # the official level wins, also downwards
        ("Minor", float("nan"), 1),
        ("Unknown", None, 1),
        (None, 9, 1),
    ],
)
def test_the_official_level_wins(severity: str | None, official: float | None, level: int) -> None:
    assert warning.level(severity, official) == level


def test_phases() -> None:
    now, hour = frames.END, timedelta(hours=1)
    assert warning.phase(None, None, now) == "on"
    assert warning.phase(now + hour, None, now) == "coming"
    assert warning.phase(now - hour, now, now) == "over"


def drawn(*rows: dict[str, Any], half: float = 0.5) -> tuple[Any, list[Areas], Marks]:
    at = frames.view(half)
    found = LAYER.classify(frames.alerts(*rows), at)
    parts = list(mapfigure.flat(LAYER.draw(found, at)))
    return found, [p for p in parts if isinstance(p, Areas)], next(p for p in parts if isinstance(p, Marks))


def test_a_drill_never_counts_and_says_so() -> None:
    real = {"id": "real", "geometry": frames.square(0.05, east=0.2)}
    drill = {"id": "drill", "geometry": frames.square(), "status": "Exercise", "severity": "Extreme"}
    found, areas, marks = drawn(real, drill, {"id": "draft", "geometry": frames.square(), "status": "Draft"})
    assert found["level"].to_dict() == {"drill": 0, "real": 3}
    assert found["state"].to_dict() == {"drill": "exercise", "real": "fresh"}
    assert LAYER.count(found) == 1
    assert frames.counts(LAYER.legend(found)) == {"diễn tập, thử": 1, "cấp 3, cần xử lý ngay": 1}
    styles = {a.data[0]["id"]: mapfigure.style_of(a) for a in areas}
    assert styles["drill"]["line_dash"] == "dashed"
    assert styles["real"]["line_dash"] == "solid"
    data = columns(marks)
    assert "DIỄN TẬP" in set(data["text"])
    assert [i for i, mark in zip(data["id"], data["mark"], strict=True) if mark == "level"] == ["real"]


def test_a_lost_feed_keeps_the_level_and_is_pink() -> None:
    found, areas, _ = drawn({"id": "a", "geometry": frames.square(), "feed": "down"})
    assert found.loc["a", ["state", "level"]].tolist() == ["unknown", 3]
    assert mapfigure.style_of(areas[0])["line_color"] == palette.UNKNOWN
    assert frames.counts(LAYER.legend(found))["cấp 3, chưa rõ, mất nguồn"] == 1
    assert LAYER.inspect(found.loc["a"], "vi")["Trạng thái"] == "mất nguồn, bản tin có thể đã thay đổi"


def test_the_smaller_and_the_worse_lie_above_and_have_their_own_words() -> None:
    wide = {"id": "wide", "geometry": frames.square(0.3), "event": "Mưa lớn"}
    small = {"id": "small", "geometry": frames.square(0.08), "event": "Lũ trên sông Hương"}
    worst = {"id": "worst", "geometry": frames.square(0.06, east=0.2), "severity": "Extreme", "event": "Xả lũ"}
    found, areas, marks = drawn(small, worst, wide)
    assert list(found.index) == ["wide", "small", "worst"]
    assert [a.data[-1]["id"] for a in areas] == ["small", "worst"]
    data = columns(marks)
    glyphs = {
        i: (x, y) for i, x, y, m in zip(*(data[c] for c in ("id", "x", "y", "mark")), strict=True) if m == "level"
    }
    assert len(set(glyphs.values())) == 3
    inner = {a.data[0]["id"]: shapely.box(*_bounds(a, "small")) for a in areas[:1]}
    assert not any(box.contains(shapely.Point(glyphs["wide"])) for box in inner.values())
    assert {"Mưa lớn", "Lũ trên sông Hương", "Xả lũ"} <= set(data["text"])


def _bounds(area: Areas, key: str) -> tuple[float, float, float, float]:
    ring = next(part for part in area.data if part["id"] == key)
    return ring["x"].min(), ring["y"].min(), ring["x"].max(), ring["y"].max()


def test_what_is_to_come_says_from_when() -> None:
    found, areas, marks = drawn({"id": "a", "geometry": frames.square(), "onset": frames.END + timedelta(hours=2)})
    assert found["phase"].tolist() == ["coming"]
    assert "từ 16:00 20/11" in set(columns(marks)["text"])
    assert mapfigure.style_of(areas[0])["fill_alpha"] < 0.07
    assert LAYER.inspect(found.loc["a"], "en")["Begins"] == "20/11/2026 16:00"


@pytest.mark.parametrize(
    ("words", "wards"),
    [
        ("các phường Thuận Hóa, Phú Xuân và Kim Long, thành phố Huế", {"Thuận Hóa", "Phú Xuân", "Kim Long"}),
        ("Phuong Vy Da", {"Vỹ Dạ"}),
        ("TP. Huế", 40),
        ("huyện Phú Vang, tỉnh Thừa Thiên Huế", 5),
        ("Vùng biển phía đông tỉnh Đắk Lắk", 0),
        ("Vùng ven và hạ lưu sông Hương", 0),
        ("Hà Nội", 0),
        ("", 0),
    ],
)
def test_areas_by_name(words: str, wards: set[str] | int) -> None:
    from layers._warning_places import wards_in

    shape = named.of_words(words)
    found = wards_in(shape) if shape is not None else []
    assert set(found) == wards if isinstance(wards, set) else len(found) == wards


def test_a_warning_without_a_polygon_takes_its_units() -> None:
    code = {"id": "code", "geometry": None, "properties": {"geocodes": [{"name": "GSO", "value": "19789"}]}}
    word = {"id": "word", "geometry": None, "area_desc": "phường Vỹ Dạ"}
    none = {"id": "none", "geometry": None, "area_desc": "trên biển"}
    found, areas, _ = drawn(code, word, none)
    assert found["area_from"].to_dict() == {"code": "units", "word": "words", "none": None}
    assert {mapfigure.style_of(a)["line_dash"] for a in areas} == {"solid", "dotted"}
    assert "xấp xỉ" in LAYER.inspect(found.loc["word"], "vi")["Ranh giới"]
    assert LAYER.inspect(found.loc["none"], "vi")["Trên bản đồ"] == "không vẽ được vùng"


def test_words_in_both_languages() -> None:
    told = {"languages": {"en-US": {"headline": "Flood on the Huong"}}, "hazard": "flood"}
    row = {
        "id": "a",
        "geometry": frames.square(),
        "level": 3,
        "properties": told,
        "instruction": "Không qua ngầm, tràn.",
    }
    found, _, _ = drawn(row)
    vi, en = (LAYER.inspect(found.loc["a"], tongue) for tongue in ("vi", "en"))
    assert vi["Cảnh báo"] == "Tin lũ"
    assert en["Warning"] == "Flood on the Huong"
    assert vi["Cấp độ"] == "rủi ro thiên tai cấp 3, cần xử lý ngay"
    assert vi["Hết hiệu lực"] == "20/11/2026 19:00, còn 5 giờ"
    assert vi["Loại hình"] == "Lũ, ngập lụt"
    assert list(vi)[-1] == "Tuổi"


@pytest.mark.parametrize(
    ("signature", "said"),
    [("verified", "chữ ký số đã kiểm"), ("not_verified", "có chữ ký số, chưa kiểm"), (None, "")],
)
def test_the_sender_says_whether_the_signature_was_looked_at(signature: str | None, said: str) -> None:
    row = {"id": "a", "geometry": frames.square(), "properties": {"signature": signature}, "sender_name": "Đài KTTV"}
    found, _, _ = drawn(row)
    assert LAYER.inspect(found.loc["a"], "vi")["Nơi phát"] == (f"Đài KTTV ({said})" if said else "Đài KTTV")


def test_who_lies_inside() -> None:
    places = frames.things({"id": "in", "geometry": frames.point()}, {"id": "out", "geometry": frames.point(0.4)},
                           {"id": "nowhere", "geometry": None})  # fmt: skip
    rain = {"id": "rain", "geometry": frames.square(), "properties": {"hazard": "heavy_rain"}}
    flood = {"id": "flood", "geometry": frames.square(), "properties": {"hazard": "flood"}, "severity": "Extreme"}
    alerts = _warned.graded(frames.alerts(rain, flood), frames.view())
    assert _warned.over(places, alerts)["warned"].tolist() == [4, 0, 0]
    assert _warned.over(places, alerts, {"heavy_rain"})["warned"].tolist() == [3, 0, 0]
    assert isinstance(_warned.over(places.iloc[:0], alerts), pd.DataFrame)
