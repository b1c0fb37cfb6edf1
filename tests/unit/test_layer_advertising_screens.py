"""Advertising boards: what each is in, what is drawn at which zoom, what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import geopandas as gpd
import pytest

from layers.advertising_screens import CONDITIONS, AdvertisingScreens
from layers.elements import Marks
from tests.support.asset_frames import NOW, observations, place, results, things, view

LAYER = AdvertisingScreens()
ON: dict[str, Any] = {
    "status": "on",
    "content": "approved",
    "content_id": "ND-1",
    "licence_days": 200.0,
    "brightness": 5200.0,
}
BOARDS = {
    "on": results("on", **ON),
    "off": results("off", **(ON | {"status": "off", "brightness": 0.0})),
    "licence_soon": results("licence_soon", **(ON | {"licence_days": 12.0})),
    "licence_over": results("licence_over", **(ON | {"licence_days": -1.0})),
    "unapproved": results("unapproved", **(ON | {"content": "unapproved"})),
    "fault": results("fault", status="fault"),
    "silent": results("silent", age_s=900, status="fault"),
    "unproved": [
        *results("unproved", status="on"),
        *results("unproved", age_s=900, content="approved", licence_days=90.0),
    ],
    "unsaid": [],
}


def frame(feed: str = "up", zoom: float = 14.0) -> gpd.GeoDataFrame:
    found = things(
        *(
            {"id": k, "name": f"Bảng {k}", "category": "led_board", "geometry": place(i), "feed": feed}
            for i, k in enumerate(BOARDS)
        )
    )
    told = observations(*({**row, "feed": feed} for rows in BOARDS.values() for row in rows))
    return LAYER.classify(found, told, view(zoom))


def test_every_board_is_in_the_condition_of_its_name() -> None:
    found = frame()
    assert found["condition"].to_dict() == {name: name for name in found.index}
    assert found["level"].to_dict() == {name: CONDITIONS[name].level for name in BOARDS}
    assert found.loc["silent", "state"] == "silent"
    assert found.loc["off", "kind"] == "off"


def test_a_lost_feed_is_no_fault_of_any_board() -> None:
    found = frame("down")
    assert set(found["state"]) == {"unknown"}
    assert not found["level"].any()
    (item,) = [i for i in LAYER.legend(found) if i.count]
    assert (item.title_vi, item.state, item.count) == ("chưa rõ, mất nguồn", "unknown", len(BOARDS))


def test_the_legend_counts_each_board_once_the_abnormal_last() -> None:
    items = LAYER.legend(frame())
    assert sum(i.count or 0 for i in items) == len(BOARDS)
    assert [i.level for i in items] == sorted(i.level for i in items)
    assert {i.title_vi: i.count for i in items}["nội dung chưa duyệt"] == 1


@pytest.mark.parametrize(
    ("zoom", "boards", "dots"), [(8.5, 3, 0), (11.0, 3, 6), (14.0, 9, 0)], ids=["far", "city", "near"]
)
def test_from_afar_only_what_needs_acting_on_has_its_shape(zoom: float, boards: int, dots: int) -> None:
    drawn = LAYER.draw(frame(zoom=zoom), view(zoom))
    assert isinstance(drawn, Marks)
    marks = list(drawn.dimension_values("mark"))
    assert (marks.count("board"), marks.count("dot")) == (boards, dots)


def test_names_stand_beside_marks_when_they_are_near() -> None:
    found = frame()
    near = LAYER.draw(found, view(17.0))
    shown = {n for n in near.dimension_values("name") if n}
    assert "Bảng on" in shown
    assert shown < {f"Bảng {k}" for k in BOARDS}, "no words for what lies outside the frame"
    words = {n for n in LAYER.draw(found, view(14.5)).dimension_values("name") if n}
    assert "nội dung chưa duyệt" in words
    assert "mất tín hiệu" not in words, "a hollow mark says it"
    wall = LAYER.draw(found, view(17.0, width=3840, height=2160))
    assert not any(wall.dimension_values("name")), "a wall has no words that it cannot make large enough"


def test_the_panel_says_power_content_licence_and_the_cause_of_silence() -> None:
    found = frame()
    told = LAYER.inspect(found.loc["licence_over"], "vi")
    assert told["Nội dung"] == "đã duyệt, mã ND-1"
    assert told["Giấy phép"] == "hết hạn 1 ngày"
    assert told["Báo nội dung cách đây"] == "10 giây"
    assert list(told)[-3:] == ["Trạng thái", "Cập nhật lúc", "Tuổi"]
    assert LAYER.inspect(found.loc["silent"], "vi")["Bật, tắt"] == "báo hỏng, mất kết nối rồi im lặng"
    english = LAYER.inspect(found.loc["licence_soon"], "en")
    assert english["Licence"] == "12 days left"
    assert english["State"] == "licence ends soon"


def test_a_board_of_which_nothing_is_known_raises_nothing() -> None:
    odd = things({"id": "x", "properties": None}, {"id": "y", "geometry": place(), "category": "what"})
    rows = results("y", status="what", content="odd", licence_days=float("nan"))
    found = LAYER.classify(odd, observations(*rows, *results("z", content="approved")), view())
    assert set(found.index) == {"x", "y", "z"}
    LAYER.draw(found, view())
    for _, row in found.iterrows():
        assert "nan" not in " ".join(LAYER.inspect(row, "vi").values()).lower()


def test_nothing_gives_nothing() -> None:
    found = LAYER.classify(things(), observations(), view())
    assert found.empty
    assert LAYER.count(found) == 0
    assert len(LAYER.draw(found, view())) == 0
    assert not any(i.count for i in LAYER.legend(found))


def test_the_clock_of_the_view_counts() -> None:
    later = view()
    found = LAYER.classify(things({"id": "a", "geometry": place()}), observations(*results("a", **ON)), later)
    assert found.loc["a", "age_s"] == 10
    assert found.loc["a", "time"] == NOW - timedelta(seconds=10)
