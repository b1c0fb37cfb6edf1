"""Planning: areas by kind, projects against their plan, violations until they are settled, what lies in what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import holoviews as hv
import pytest
from shapely import Point

from layers import palette
from layers.elements import Areas, Marks
from layers.mapfigure import area_columns, flat, style_of
from layers.planning import Planning, figures
from tests.support.asset_frames import HOME, NOW, events, features, observations, place, results, things, view

LAYER = Planning()


def area(key: str, category: str | None, i: int = 0, **more: Any) -> dict[str, Any]:
    shape = Point(HOME[0] + 0.006 * i, HOME[1]).buffer(0.0025)
    return {
        "id": key,
        "collection": "quy_hoach",
        "category": category,
        "geometry": shape,
        "name": f"Vùng {key}",
        **more,
    }


def works(key: str, i: int, **more: Any) -> dict[str, Any]:
    return area(key, "project", i, properties={"khoi_cong": "2026-01-01", **more})


PLANS = features(
    area("land", "land_use", properties={"so_qd": "12/QĐ-UBND"}, valid_from=datetime(2021, 4, 27, 17, tzinfo=UTC)),
    area("monument", "heritage_zone", 1, approximate=True),
    area("ending", "zoning", 2, valid_to=NOW + timedelta(days=30)),
    area("odd", "never heard of", 3),
    works("late", 4, hoan_thanh="01/09/2026", tien_do=80, von_ty_dong=249),
    works("done", 5, hoan_thanh="2026-09-01", trang_thai="Hoàn thành"),
    works("behind", 6, hoan_thanh="2027-01-01", tien_do="40,5"),
    works("unsaid", 7),
    {"id": "permit", "collection": "giay_phep", "category": "permit", "geometry": place(), "properties": {"tang": 3}},
    {"id": "in_monument", "collection": "g", "category": "permit", "geometry": Point(HOME[0] + 0.006, HOME[1])},
)
CASES = events(
    {"id": "open", "category": "construction_violation", "title": "Xây sai phép", "severity": 2, "status": "đang xử lý"}
    | {"geometry": place(1), "time": NOW - timedelta(days=20)},
    {"id": "grave", "category": "land_violation", "severity": 3, "geometry": Point(HOME[0] + 0.006, HOME[1])},
    {"id": "settled", "category": "urban_order_violation", "severity": 3, "geometry": place(3)}
    | {"end_time": NOW - timedelta(hours=2)},
    {"id": "told", "severity": 2, "status": "đã xử lý", "geometry": place(4)},
    {"id": "long ago", "severity": 2, "end_time": NOW - timedelta(days=9), "time": NOW - timedelta(days=30)},
)


def frame(plans: gpd.GeoDataFrame = PLANS, cases: gpd.GeoDataFrame = CASES) -> gpd.GeoDataFrame:
    return LAYER.classify(plans, cases, view())


def test_what_each_row_asks_for() -> None:
    found = frame()
    assert found["condition"].to_dict() == {
        "land": "land_use",
        "monument": "heritage_zone",
        "ending": "ending",
        "odd": "other",
        "late": "project_late",
        "done": "project_done",
        "behind": "project_behind",
        "unsaid": "project_unsaid",
        "permit": "permit",
        "in_monument": "permit_protected",
        "open": "violation_2",
        "grave": "violation_3",
        "settled": "settled",
        "told": "settled",
    }
    assert "long ago" not in found.index
    assert found.loc["late", "level"] == 2


def test_every_area_is_outlined_by_its_kind_and_can_be_picked() -> None:
    parts = [p for p in flat(LAYER.draw(frame(), view(14.0))) if isinstance(p, Areas)]
    styles = {key: style_of(p) for p in parts for key in area_columns(p)["id"]}
    assert set(styles) == {"land", "monument", "ending", "odd", "late", "done", "behind", "unsaid"}
    assert styles["land"]["line_color"] == palette.TINT["people"]
    assert styles["late"]["line_color"] == palette.SEVERITY[2]
    assert all(style["hatch"] is None for style in styles.values())


@pytest.mark.parametrize(
    ("zoom", "areas", "marks"),
    [(8.0, 0, {"area": 1, "hexagon": 2}), (12.5, 8, {"hexagon": 2}), (14.0, 8, {"hexagon": 2, "dot": 4})],
)
def test_from_afar_what_is_in_trouble_is_a_mark(zoom: float, areas: int, marks: dict[str, int]) -> None:
    parts = list(flat(LAYER.draw(frame(), view(zoom))))
    assert sum(len(area_columns(p)["xs"]) for p in parts if isinstance(p, Areas)) == areas
    found = [m for p in parts if isinstance(p, Marks) for m in p.dimension_values("mark")]
    assert {m: found.count(m) for m in set(found)} == marks


def test_names_stand_in_areas_that_have_the_room() -> None:
    (_, labels) = [p for p in flat(LAYER.draw(frame(), view(15.5))) if isinstance(p, Marks)]
    assert "Vùng land" in set(labels.dimension_values("text"))
    assert "id" not in labels
    (_, labels) = [p for p in flat(LAYER.draw(frame(), view(15.5, width=3840, height=2160))) if isinstance(p, Marks)]
    assert len(labels) == 0, "a wall has no words that it cannot make large enough"


def test_the_panel_says_decision_validity_progress_and_what_lies_around() -> None:
    found = frame()
    land = LAYER.inspect(found.loc["land"], "vi")
    assert land["Quyết định"] == "12/QĐ-UBND"
    assert land["Hiệu lực"] == "từ 28/04/2021"
    assert land["Trạng thái"] == "đang có hiệu lực"
    assert land["Diện tích"].endswith("\u2009ha")
    late = LAYER.inspect(found.loc["late"], "vi")
    assert late["Tiến độ"] == "80%, quá hạn 81 ngày"
    assert late["Hoàn thành dự kiến"] == "01/09/2026"
    assert late["Vốn"] == "249 tỷ đồng"
    assert LAYER.inspect(found.loc["behind"], "en")["Progress"] == "41%, behind its plan, planned 89%"
    assert LAYER.inspect(found.loc["grave"], "vi")["Nằm trong"] == "Vùng monument"
    assert LAYER.inspect(found.loc["settled"], "vi")["Xử lý xong"] == "21/11/2026 12:05"
    assert LAYER.inspect(found.loc["monument"], "en")["Place"] == "approximate"


def test_the_legend_counts_each_row_once_by_its_own_mark() -> None:
    found = frame()
    items = LAYER.legend(found)
    assert sum(i.count or 0 for i in items) == len(found)
    assert {i.mark for i in items if "vi phạm" in i.title_vi} == {"hexagon"}
    assert {i.title_en: i.tint for i in items}["Land-use plan"] == palette.TINT["people"]


def test_a_lost_feed_is_pink_and_asks_for_nothing() -> None:
    found = frame(PLANS.assign(feed="down"), CASES.assign(feed="down"))
    assert set(found["state"]) == {"unknown"}
    assert not found["level"].any()
    parts = [p for p in flat(LAYER.draw(found, view(14.0))) if isinstance(p, Areas)]
    assert {style_of(p)["line_color"] for p in parts} == {palette.UNKNOWN}


def test_either_kind_alone_and_neither() -> None:
    assert len(frame(cases=events())) == len(PLANS)
    assert set(frame(plans=features()).index) == {"open", "grave", "settled", "told"}
    empty = frame(features(), events())
    assert empty.empty
    drawn = LAYER.draw(empty, view())
    assert isinstance(drawn, hv.Element)
    assert len(drawn) == 0


def test_odd_rows_raise_nothing() -> None:
    odd = features(
        works("x", 0, hoan_thanh="mùa thu", tien_do="nhiều"),
        {"id": "y", "geometry": None, "properties": None, "category": "project"},
        {"id": "z", "geometry": Point(), "category": "permit"},
    )
    found = frame(odd, events({"id": "e", "severity": float("nan")}))
    LAYER.draw(found, view(16))
    assert all(LAYER.inspect(row, "vi") for _, row in found.iterrows())


def test_a_place_that_tells_numbers_is_a_dot_with_its_figures() -> None:
    told = figures(
        things(
            {"id": "ward", "name": "Phường Thuận Hóa", "geometry": place(2), "cadence_s": 604800.0},
            {"id": "mute", "name": "Phường Phú Xuân", "geometry": place(3)},
        ),
        observations(
            *results("ward", permits=41, violations=3),
            *results("old", age_s=9e6, permits=5),
            *results("mute", permits="chưa có"),
        ),
        view(),
    )
    found = LAYER.classify(PLANS, CASES, view(), told)
    assert set(found.index) - set(frame().index) == {"ward", "old"}, "who tells no number has no figures"
    assert found["condition"]["ward"] == "figures"
    assert (found["state"]["old"], found["level"]["old"]) == ("silent", 0)
    panel = LAYER.inspect(found.loc["ward"], "vi")
    assert (panel["Giấy phép xây dựng"], panel["Vi phạm"]) == ("41\u2009giấy phép", "3\u2009vụ")
    assert panel["Trạng thái"] == "nơi có số liệu"
    marks = [
        m
        for p in flat(LAYER.draw(found, view(14.0)))
        if isinstance(p, Marks) and "id" in p
        for m in p.dimension_values("id")
    ]
    assert "ward" in marks
    assert "old" not in marks, "a thing that was never described has no place"
    assert LAYER.classify(PLANS.iloc[:0], CASES.iloc[:0], view(), told)["condition"].to_list() == [
        "figures",
        "figures_old",
    ]
