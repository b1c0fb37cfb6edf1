"""Schools: closed, online, shelter, open inside a warned area; weekends make no report late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from geodata.rules import school
from layers import _warned
from layers.base import get
from layers.elements import columns
from tests.support import layer_frames as frames

LAYER: Any = get("education")


@pytest.mark.parametrize(
    ("status", "warned", "today", "level"),
    [
        ("open", 0, True, 0),
        ("open", 2, True, 0),
        ("open", 3, True, 3),
        ("open", 4, False, 0),
        ("closed", 0, True, 2),
        ("closed", 4, True, 2),
        ("online", 4, True, 1),
        ("shelter", 0, False, 1),
        (None, 4, True, 0),
        ("never heard of", 4, True, 0),
    ],
)
def test_levels(status: str | None, warned: int, today: bool, level: int) -> None:
    assert school.level(status, warned=warned, today=today) == level


def said(name: str, status: str | None, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "category": "primary", "geometry": frames.point(), "observed_property": "status",
            "result_text": status, "late_factor": 4.0, "age_h": 5.5} | more  # fmt: skip


def schools(*rows: dict[str, Any], hazard: str | None = None, at: Any = None) -> Any:
    flood = [{"id": "w", "geometry": frames.square(), "properties": {"hazard": hazard}}] if hazard else []
    at = at or frames.view()
    bare = frames.things(*({"id": r["id"], "geometry": r["geometry"], "name": r["name"]} for r in rows[:1]))
    return LAYER.classify(bare, frames.observations(*rows), _warned.graded(frames.alerts(*flood), at), at)


def test_a_flood_day() -> None:
    rows = [said("open", "open"), said("shut", "closed"), said("far", "open", geometry=frames.point(0.4)),
            said("home", "online"), said("full", "shelter"), said("old", "open", age_h=30)]  # fmt: skip
    found = schools(*rows, hazard="flood")
    assert found["level"].to_dict() == {"far": 0, "old": 0, "home": 1, "full": 1, "shut": 2, "open": 3}
    legend = LAYER.legend(found)
    assert [(i.title_vi, i.level, i.count) for i in legend] == [
        ("học bình thường", 0, 1),
        ("học trực tuyến", 1, 1),
        ("nơi sơ tán", 1, 1),
        ("nghỉ học", 2, 1),
        ("đang học trong vùng cảnh báo", 3, 1),
        ("báo cáo trễ", 0, 1),
    ]
    assert LAYER.inspect(found.loc["open"], "vi")["Cảnh báo"] == "trong vùng cảnh báo cấp 3: Lũ"
    assert LAYER.inspect(found.loc["shut"], "en")["Today"] == "closed"


def test_rain_alone_closes_no_school() -> None:
    assert schools(said("open", "open"), hazard="heavy_rain")["level"].tolist() == [0]


def test_fridays_report_is_good_on_sunday_and_its_silence_is_told_later() -> None:
    sunday, week = frames.END + timedelta(days=2), frames.END + timedelta(days=8)
    rows = [said("a", "closed")]
    assert schools(*rows, at=frames.view(end=sunday))["state"].tolist() == ["fresh"]
    late = schools(*rows, at=frames.view(end=week))
    assert late.loc["a", ["state", "level"]].tolist() == ["silent", 2]
    assert LAYER.inspect(late.loc["a"], "vi")["Trạng thái"] == "không báo cáo"


def test_a_lost_feed_and_a_school_that_never_reported() -> None:
    found = schools(said("a", "closed", feed="down"))
    assert found.loc["a", ["state", "level"]].tolist() == ["unknown", 0]
    bare = LAYER.classify(
        frames.things({"id": "b", "geometry": frames.point()}), frames.observations(),
        _warned.graded(frames.alerts(), frames.view()), frames.view(),
    )  # fmt: skip
    assert frames.counts(LAYER.legend(bare))["chưa có số liệu"] == 1
    assert LAYER.inspect(bare.loc["b"], "en")["State"] == "no figures yet"


@pytest.mark.parametrize(
    ("zoom", "marks", "words"),
    [(8, ["pentagon"], set()), (11, ["dot", "pentagon"], set()), (12.5, ["pentagon"] * 2, {"nghỉ học"}),
     (16, ["pentagon"] * 2, {"nghỉ học", "a · nghỉ học", "b"})],
)  # fmt: skip
def test_zooms(zoom: float, marks: list[str], words: set[str]) -> None:
    found = schools(said("a", "closed"), said("b", "open", geometry=frames.point(0.03)))
    data = columns(LAYER.draw(found, frames.zoomed(zoom)))
    assert sorted(data["mark"]) == marks
    assert {n for n in data["name"] if n} <= words
    assert not words or any(data["name"])


def test_attendance_tells_its_n() -> None:
    row = said("a", None, observed_property="attendance", result=96.1, unit="%", numerator=621.0, denominator=646.0)
    facts = LAYER.inspect(schools(row).loc["a"], "vi")
    assert facts["Có mặt / sĩ số"] == "621 / 646"
    assert facts["Tỷ lệ chuyên cần"] == "96,1%"
    shut = LAYER.inspect(schools(row, said("a", "closed")).loc["a"], "vi")
    assert "Tỷ lệ chuyên cần" not in shut
    assert "Có mặt / sĩ số" not in shut
