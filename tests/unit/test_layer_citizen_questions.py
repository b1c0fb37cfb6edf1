"""Questions by ward: counts, overdue ones, deadlines near; nothing that a citizen wrote leaves the layer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layers import _cases, _wards
from layers.citizen_questions import CitizenQuestions, clock
from layers.elements import Marks, columns
from tests.support.office_rows import END, PHU_XUAN, THUAN_HOA, cases, view

LAYER = CitizenQuestions()


def question(number: int, ward: str | None, hours_left: float | None, **more: Any) -> dict[str, Any]:
    due = pd.NaT if hours_left is None else END + timedelta(hours=hours_left)
    place = {"properties": {"ward_code": ward}} if ward else {"geometry": None}
    return {"id": f"q:{number}", "expected_datetime": due, **place, **more}


def sample() -> gpd.GeoDataFrame:
    rows = [
        question(1, PHU_XUAN, 48),
        question(2, PHU_XUAN, 4),  # 24 of 28 hours used: due soon
        question(3, PHU_XUAN, -2),
        question(4, PHU_XUAN, -3, urgency="urgent"),
        question(5, THUAN_HOA, 30),
        question(6, None, 30),
        question(7, THUAN_HOA, 1, status="closed"),
    ]
    return LAYER.classify(cases(*rows), view())


def drawn(frame: gpd.GeoDataFrame, zoom: float) -> pd.DataFrame:
    element = LAYER.draw(frame, view(zoom))
    assert isinstance(element, Marks)
    return pd.DataFrame(columns(element))


def test_levels_are_those_of_the_deadline() -> None:
    found = sample()
    assert found["level"].to_dict() == {"q:1": 0, "q:2": 0, "q:5": 0, "q:6": 0, "q:3": 2, "q:4": 3}
    assert found.loc["q:1", ["ward_open", "ward_overdue"]].tolist() == [4, 2]


def test_what_citizens_wrote_never_leaves() -> None:
    found = sample()
    said = " ".join(str(v) for v in found.drop(columns="geometry").to_numpy().ravel())
    said += " ".join(str(LAYER.inspect(row, "vi")) for _, row in found.iterrows())
    assert found["title"].unique().tolist() == ["Đất đai"]
    assert "Lê Lợi" not in said
    assert "0905123456" not in said
    assert "Mật" not in said


def test_a_question_stands_at_its_ward_and_not_where_the_citizen_is() -> None:
    home = shapely.Point(107.5723, 16.4791)
    found = LAYER.classify(cases({"id": "q:1", "geometry": home}), view())
    ward = _wards.at([home])[0]
    assert ward is not None
    assert found.geometry.iloc[0] == ward.point
    abroad = LAYER.classify(
        cases({"id": "q:1", "geometry": shapely.Point(108.2031, 16.0512)}), view(lon=108.2, lat=16.05)
    )
    assert abroad.geometry.iloc[0].coords[0] == pytest.approx((108.21, 16.05))
    assert LAYER.inspect(abroad.iloc[0], "vi")["Phường, xã"] == "khu vực khoảng 2 km"


def test_from_afar_a_ward_is_its_count_and_the_count_of_its_overdue_ones() -> None:
    marks = drawn(sample(), 11)
    told = sorted(zip(marks["mark"], marks["text"], marks["level"], strict=True))
    assert told == [("ward_count", "1", 0), ("ward_count", "2", 3), ("ward_count", "4", 0)]
    assert marks.loc[marks["level"] == 3, "id"].tolist() == ["q:4"]  # a tap picks what presses most


def test_near_each_question_is_a_mark_and_what_presses_says_its_deadline() -> None:
    marks = drawn(sample(), 13.5)
    assert set(marks["id"]) == {"q:1", "q:2", "q:3", "q:4", "q:5"}
    chips = marks[marks["text"].str.contains("/")]
    assert dict(zip(chips["id"], chips["text"], strict=True)) == {
        "q:2": "20/11 21:40",
        "q:3": "20/11 15:40",
        "q:4": "20/11 14:40",
    }
    assert (marks["mark"] == "dot").sum() == 2


def test_without_room_a_count_is_a_dot_but_never_one_with_overdue_questions() -> None:
    marks = drawn(sample(), 5)
    assert sorted(marks["mark"]) == ["dot", "ward_count", "ward_count"]


def test_the_legend_counts_each_question_once() -> None:
    legend = {item.title_vi: item.count for item in LAYER.legend(sample())}
    assert legend == {
        "đang chờ, còn hạn": 2,
        "sắp đến hạn": 1,
        "chưa rõ phường, xã, chỉ trong bảng": 1,
        "quá hạn": 1,
        "quá hạn, khẩn": 1,
    }


def test_a_lost_feed_is_unknown_and_calm() -> None:
    found = LAYER.classify(cases(question(1, PHU_XUAN, -5, feed="down")), view())
    assert found[["state", "level"]].to_numpy().tolist() == [["unknown", 0]]
    assert drawn(found, 11)["state"].tolist() == ["unknown"]
    assert [item.count for item in LAYER.legend(found) if item.state == "unknown"] == [1]


def test_words_in_both_languages() -> None:
    row = sample().loc["q:3"]
    vi, en = LAYER.inspect(row, "vi"), LAYER.inspect(row, "en")
    assert list(vi.values())[:4] == ["3", "Đất đai", "Phường Phú Xuân", "quá 2 giờ"]
    assert (en["Subject"], en["Time left"], en["Whole ward"]) == ("Land", "2 h over", "4 waiting, 2 overdue")
    assert list(vi)[-2:] == ["Trạng thái", "Tuổi"]
    assert len(vi) == len(en)


def test_a_source_without_deadlines_gets_that_of_the_catalogue() -> None:
    found = LAYER.classify(cases(question(1, PHU_XUAN, None)), view())
    row = found.iloc[0]
    assert row["by_rule"]
    assert LAYER.inspect(row, "vi")["Hạn trả lời"].endswith(", theo quy trình")
    assert _cases.due_by_rule("citizen_questions", "never heard of", END) is None


def test_what_is_missing_crashes_nothing() -> None:
    odd = {"urgency": None, "agency": None, "channel": None, "category": None, "status": "resolved", "geometry": None}
    found = LAYER.classify(cases(odd | {"id": "q:1", "requested_datetime": pd.NaT}), view())
    assert LAYER.inspect(found.iloc[0], "vi")["Thời hạn"] == "đã có kết quả"
    assert drawn(found, 13).empty
    empty = LAYER.classify(cases(), view())
    assert drawn(empty, 11).empty
    assert not any(item.count for item in LAYER.legend(empty))


def test_a_deadline_is_short() -> None:
    assert clock(pd.Timestamp("2026-11-20T10:00Z")) == "20/11 17:00"
