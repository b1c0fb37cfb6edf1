"""Offices as houses: dossiers on time and late, people present, doors; counts of few are not told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import pytest
import shapely

from layers.elements import Marks, columns
from layers.mapfigure import flat
from layers.public_services import PublicServices
from layers.staff_cards import ALARM_KEEPS, StaffCards
from tests.support.office_rows import END, MONTH, cases, events, observations, things, view

SERVICES, CARDS = PublicServices(), StaffCards()
OFFICE = {"id": "s:ubnd_19753", "name": "UBND phường Phú Xuân", "agency": "ubnd_19753", "category": "one_stop"}


def day(ago: int, solved: tuple[float, float], hand: float, overdue: float, received: float, **more: Any) -> list[Any]:
    at = {"time": END - timedelta(days=ago, minutes=10)} | OFFICE | more
    top, of = solved
    rate = {"result": 100 * top / of if of else np.nan, "numerator": top, "denominator": of}
    return [
        at | {"observed_property": "on_time_rate"} | rate,
        at | {"observed_property": "in_progress", "result": hand},
        at | {"observed_property": "overdue", "result": overdue},
        at | {"observed_property": "received", "result": received},
    ]


def offices(
    rows: list[Any], dossiers: gpd.GeoDataFrame | None = None, known: gpd.GeoDataFrame | None = None, **more: Any
) -> gpd.GeoDataFrame:
    found = observations(*rows)
    newest = found.sort_values("time").drop_duplicates(["id", "observed_property"], keep="last")
    return SERVICES.classify(
        gpd.GeoDataFrame(newest, crs=4326),
        found,
        things() if known is None else known,
        cases() if dossiers is None else dossiers,
        view(**more),
    )


def marks(layer: PublicServices | StaffCards, frame: gpd.GeoDataFrame, zoom: float) -> pd.DataFrame:
    parts = [p for p in flat(layer.draw(frame, view(zoom))) if isinstance(p, Marks) and len(p)]
    return pd.concat([pd.DataFrame(columns(p)) for p in parts]) if parts else pd.DataFrame()


def test_the_rate_is_of_the_week_with_its_n_and_its_days() -> None:
    frame = offices([*day(1, (28, 30), 210, 3, 30), *day(0, (10, 10), 200, 2, 20)])
    row = frame.iloc[0]
    assert (row["solved"], row["solved_all"], row["level"]) == (38, 40, 0)
    assert row["due"] == pytest.approx(200 / (25 * 10))  # of ten days of what comes in
    facts = SERVICES.inspect(row, "vi")
    assert facts["Đúng hạn"] == "95,0% (38/40), 19/11/2026 – 20/11/2026"
    assert facts["Quá hạn"] == "2/200 đang giải quyết"
    assert facts["Việc tồn"] == "bằng 8,0 ngày tiếp nhận"
    assert SERVICES.inspect(row, "en")["On time"] == "95.0% (38/40), 19/11/2026 – 20/11/2026"
    assert list(facts)[-2:] == ["Trạng thái", "Tuổi"]
    assert SERVICES.count(frame) == 200


@pytest.mark.parametrize(
    ("solved", "hand", "overdue", "level", "said"),
    [
        ((94, 100), 200, 2, 2, "94,0% (94/100), 20/11/2026"),
        ((99, 100), 200, 11, 2, "99,0% (99/100), 20/11/2026"),
        ((0, 4), 200, 2, 0, "dưới 5 hồ sơ nên không tính (0/4), 20/11/2026"),
        ((0, 0), 200, 2, 0, "dưới 5 hồ sơ nên không tính (0/0), 20/11/2026"),
    ],
)
def test_when_an_office_is_late(
    solved: tuple[float, float], hand: float, overdue: float, level: int, said: str
) -> None:
    row = offices(day(0, solved, hand, overdue, 20)).iloc[0]
    assert row["level"] == level
    assert SERVICES.inspect(row, "vi")["Đúng hạn"] == said


def test_a_weekend_makes_no_table_late() -> None:
    rows = day(0, (20, 20), 200, 2, 20)
    sunday = datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert offices(rows, end=sunday)["state"].tolist() == ["fresh"]
    assert offices(rows, end=sunday + timedelta(days=2))["state"].tolist() == ["late"]
    assert offices(rows, end=sunday + timedelta(days=5))["state"].tolist() == ["silent"]


def test_dossiers_are_counted_at_their_office_and_never_drawn() -> None:
    past, next_ = END - timedelta(hours=1), END + timedelta(days=2)
    dossiers = cases(
        {"id": "d:1", "agency": "UBND phường Phú Xuân", "category": "processing", "expected_datetime": past},
        {"id": "d:2", "agency": "UBND phường Phú Xuân", "category": "more_papers", "expected_datetime": past},
        {"id": "d:3", "agency": None, "properties": {"ward_code": "19753"}, "expected_datetime": next_},
        {"id": "d:4", "agency": "UBND phường Phú Xuân", "status": "closed"},
        {"id": "d:5", "agency": "UBND phường Thuận Hóa", "category": "processing", "expected_datetime": past},
    )
    frame = offices(day(0, (20, 20), 200, 2, 20), dossiers)
    assert SERVICES.inspect(frame.loc["s:ubnd_19753"], "vi")["Hồ sơ trên cổng"] == "3 đang mở, 1 quá hạn, 1 tạm dừng"
    stranger = frame.loc["UBND phường Thuận Hóa"]  # an agency that has no office of its own in the tables
    assert (stranger["in_progress"], stranger["overdue"]) == (1, 1)
    assert set(marks(SERVICES, frame, 14)["id"]) == set(frame.index)
    assert "Mật" not in str(frame.drop(columns="geometry").to_numpy().tolist())


def test_the_five_groups_of_decision_766_are_summed_when_all_are_told() -> None:
    month = {"time": MONTH[0], "phenomenon_end": MONTH[1], "cadence_s": 31 * 86400.0, **OFFICE}
    scores = {"transparency": 16, "progress": 18.5, "digitisation": 20, "online": 20, "satisfaction": 16}
    rows = [month | {"observed_property": f"score_{name}", "result": float(v)} for name, v in scores.items()]
    few = month | {"observed_property": "online_rate", "result": 75.0, "numerator": 3, "denominator": 4}
    frame = offices([*day(0, (20, 20), 200, 2, 20), *rows, few])
    facts = SERVICES.inspect(frame.iloc[0], "vi")
    assert facts["Bộ chỉ số 766"] == "90,5/100 (16,0 + 18,5 + 20,0 + 20,0 + 16,0)"
    assert facts["Kỳ của bộ chỉ số"] == "tháng 10/2026"
    assert facts["Tỷ lệ nộp trực tuyến"] == "3/4"
    assert "Bộ chỉ số 766" not in SERVICES.inspect(offices(rows[:4]).iloc[0], "vi")


def test_legend_and_states_of_offices() -> None:
    late = day(0, (50, 100), 200, 2, 20, id="s:2", name="B")
    lost = day(0, (50, 100), 200, 2, 20, id="s:3", name="C", feed="down")
    known = things({"id": "s:4", "name": "D", "category": "one_stop"})
    frame = offices([*day(0, (20, 20), 200, 2, 20), *late, *lost], known=known)
    counts = {item.title_vi: item.count for item in SERVICES.legend(frame)}
    assert counts == {
        "đúng hạn từ 95%; đầy là việc tồn": 1,
        "chưa có số liệu": 1,
        "dưới 95% hoặc quá hạn trên 5%": 1,
        "chưa rõ, mất nguồn": 1,
    }
    assert frame["level"].to_dict() == {"s:ubnd_19753": 0, "s:2": 2, "s:3": 0, "s:4": 0}


def test_houses_far_near_and_where_two_would_touch() -> None:
    beside = {"geometry": shapely.Point(107.5801, 16.46), "id": "s:2", "name": "B"}
    frame = offices([*day(0, (20, 20), 200, 2, 20), *day(0, (20, 20), 100, 2, 20, **beside)])
    assert set(marks(SERVICES, frame, 9)["mark"]) == {"dot"}
    near = marks(SERVICES, frame, 13).set_index("id")
    assert near["mark"].to_dict() == {"s:ubnd_19753": "house", "s:2": "dot"}  # the larger one is served first
    assert near.loc["s:ubnd_19753", "text"] == "100,0%"
    assert marks(SERVICES, frame, 11)["text"].tolist() == ["", ""]
    late = offices([*day(0, (20, 20), 200, 2, 20), *day(0, (1, 20), 100, 2, 20, **beside)])
    assert marks(SERVICES, late, 9).set_index("id")["mark"].to_dict() == {"s:ubnd_19753": "dot", "s:2": "house"}


def present(key: str, here: float, cards: float, **more: Any) -> dict[str, Any]:
    row = {"id": f"c:{key}", "name": key, "agency": key, "category": "office", "observed_property": "present"}
    return row | {"result": here, "numerator": here, "denominator": cards, "cadence_s": 3600.0} | more


def reader(key: str, state: str, **more: Any) -> dict[str, Any]:
    row = {"id": f"c:{key}", "name": f"Cửa {key}", "category": "reader", "observed_property": "reader_state"}
    return row | {"result_text": state, "cadence_s": 21600.0} | more


def cards(*rows: dict[str, Any], happened: gpd.GeoDataFrame | None = None) -> gpd.GeoDataFrame:
    return CARDS.classify(observations(*rows), things(), events() if happened is None else happened, view())


def test_a_house_says_how_many_of_how_many_and_never_who() -> None:
    frame = cards(present("so_y_te", 45, 60), present("cdc", 3, 40), present("ubnd_19753", 0, 50))
    assert frame["text"].to_dict() == {"c:so_y_te": "45/60", "c:cdc": "<5", "c:ubnd_19753": "0/50"}
    assert frame["due"].to_dict() == {"c:so_y_te": 0.75, "c:cdc": 0.0, "c:ubnd_19753": 0.0}
    assert CARDS.inspect(frame.loc["c:so_y_te"], "vi")["Có mặt"] == "45/60 (75%)"
    assert CARDS.inspect(frame.loc["c:cdc"], "vi")["Có mặt"] == "dưới 5 người, không hiện số"
    assert np.isnan(frame.loc["c:cdc", "present"])
    assert "present" not in frame.loc["c:cdc", "values"]
    assert CARDS.count(frame) == 45


def test_offices_are_counted_by_the_class_of_their_agency() -> None:
    frame = cards(present("so_y_te", 45, 60), present("ubnd_19753", 20, 50), present("cdc", 2, 40))
    counts = {item.title_vi: item.count for item in CARDS.legend(frame)}
    assert counts == {"Sở, ban, ngành": 1, "UBND phường, xã": 1, "dưới 5 người, không hiện số": 1}
    assert CARDS.inspect(frame.loc["c:ubnd_19753"], "en")["Class"] == "Ward committee"


def test_a_reader_offline_is_watched_and_an_alarm_stands_for_an_hour() -> None:
    happened = events(
        {"id": "e:1", "category": "door_alarm", "thing_id": "c:a", "time": END - timedelta(minutes=5)},
        {"id": "e:2", "category": "door_alarm", "thing_id": "c:b", "time": END - ALARM_KEEPS - timedelta(minutes=5)},
        {"id": "e:3", "category": "denied", "thing_id": "c:b"},
        {"id": "e:4", "category": "entry", "thing_id": "c:b"},
        {"id": "e:5", "category": "strange", "thing_id": None},
    )
    frame = cards(reader("a", "online"), reader("b", "online"), reader("c", "offline"), happened=happened)
    assert frame["level"].to_dict() == {"c:b": 0, "c:c": 1, "c:a": 2}
    facts = CARDS.inspect(frame.loc["c:b"], "vi")
    assert [facts[k] for k in ("Cửa báo động trong ngày", "Thẻ bị từ chối", "Lượt ngoài giờ")] == ["1", "1", "1"]
    assert CARDS.inspect(frame.loc["c:a"], "vi")["Cửa báo động trong ngày"] == "1, đang báo từ 20/11/2026 17:35"
    assert CARDS.inspect(frame.loc["c:c"], "vi")["Trạng thái"] == "đầu đọc mất kết nối"
    assert set(marks(CARDS, frame, 10)["id"]) == {"c:a"}
    assert set(marks(CARDS, frame, 13)["id"]) == {"c:a", "c:c"}
    assert set(marks(CARDS, frame, 14.5)["id"]) == {"c:a", "c:b", "c:c"}
    counts = {item.title_vi: item.count for item in CARDS.legend(frame)}
    assert counts == {"cửa, đầu đọc hoạt động": 1, "đầu đọc mất kết nối": 1, "cửa báo động": 1}


def test_late_comers_are_a_rate_of_enough_people() -> None:
    late = {"observed_property": "late_rate", "unit": "%", "cadence_s": 86400.0}
    office = {"id": "c:so_y_te", "category": "office"}
    many = cards(present("so_y_te", 45, 60), office | late | {"result": 20.0, "numerator": 10, "denominator": 50})
    assert CARDS.inspect(many.iloc[0], "vi")["Tỷ lệ đến muộn"] == "20,0% (10/50)"
    few = cards(present("so_y_te", 45, 60), office | late | {"result": 4.0, "numerator": 2, "denominator": 50})
    assert CARDS.inspect(few.iloc[0], "vi")["Tỷ lệ đến muộn"] == "dưới 5 người, không hiện số"


def test_lost_feeds_and_nothing_at_all() -> None:
    lost = cards(present("so_y_te", 45, 60, feed="down"), reader("a", "offline", feed="down"))
    assert lost["state"].tolist() == ["unknown", "unknown"]
    assert not lost["level"].any()
    odd = cards(present("x", np.nan, np.nan, name=None, agency=None, category=None, geometry=None))
    assert odd["state"].tolist() == ["planned"]
    assert CARDS.inspect(odd.iloc[0], "vi")["Trạng thái"] == "chưa có số liệu"
    for layer, empty in ((CARDS, cards()), (SERVICES, offices([]))):
        assert marks(layer, empty, 14).empty
        assert not any(item.count for item in layer.legend(empty))
        assert layer.count(empty) == 0
        assert isinstance(layer.draw(empty, view()), hv.Element | hv.Overlay)
