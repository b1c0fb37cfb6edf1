"""Curves of the panel: named limits, shaded holes, losses of the feed, nothing drawn over what nobody measured."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from app.panels import chart
from app.panels.chart import Line
from app.panels.story import lost
from geodata.rules import qcvn
from layers.base import get

END = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
START = END - timedelta(hours=24)
T0, T1 = START.timestamp(), END.timestamp()


def drawn(points: list[tuple[float, float]], **more: object) -> str:
    options = {"start": START, "end": END, "timezone": "Asia/Ho_Chi_Minh", "decimals": 2, "language": "vi"}
    return chart.line(points, **{**options, "label": "Mực nước", **more})  # type: ignore[arg-type]


def every_10_min(first: int, last: int) -> list[tuple[float, float]]:
    return [(T0 + 600.0 * i, 1.0 + i / 200) for i in range(first, last)]


def test_limits_stand_with_their_names_and_the_far_ones_flatten_nothing() -> None:
    lines = [Line("BĐ1", 1.0, 1), Line("BĐ2", 2.0, 2), Line("QCVN 05, TB 1 giờ", 3.0), Line("BĐ3", 350.0, 3)]
    svg = drawn(every_10_min(0, 145), lines=lines)
    for title in ("BĐ1", "BĐ2", "QCVN 05, TB 1 giờ"):
        assert f">{title}</text>" in svg
    assert "BĐ3" not in svg
    assert svg.count("stroke-dasharray") == 3
    assert 'stroke="var(--level-2)"' in svg


def test_of_two_names_that_would_touch_the_higher_level_stays() -> None:
    at = chart.Frame(start=T0, end=T1, low=0, high=100)
    told = [name for _, name in chart.names(at, [Line("một", 50, 1), Line("hai", 52, 2), Line("ba", 90)])]
    assert told == ["hai", "ba"]


def test_holes_and_losses_are_shaded_where_they_are() -> None:
    points = [*every_10_min(0, 40), *every_10_min(60, 100)]
    assert chart.holes(points, T1) == [(points[39][0], points[40][0]), (points[-1][0], T1)]
    svg = drawn(
        points, lost=[(T0 + 600 * 45, T0 + 600 * 58)], words_of={"hole": "không có số liệu", "lost": "mất nguồn"}
    )
    boxes = re.findall(r'<rect class="(\w+)" x="([\d.]+)" y="4" width="([\d.]+)"', svg)
    assert [name for name, *_ in boxes] == ["hole", "hole", "lost"]
    (_, x, wide), lost_box = boxes[0], boxes[2]
    assert float(x) < float(lost_box[1]) < float(lost_box[1]) + float(lost_box[2]) < float(x) + float(wide)
    assert svg.count("<path") == 2
    assert "<title>mất nguồn</title>" in svg


def test_a_steady_curve_has_no_holes() -> None:
    assert chart.holes(every_10_min(0, 145), T1) == []
    assert chart.holes([], T1) == []
    assert 'class="hole"' not in drawn(every_10_min(0, 145))


def test_a_feed_that_is_still_down_is_lost_until_now() -> None:
    times = [START + timedelta(hours=h) for h in (0, 2, 3, 20)]
    feed = pd.DataFrame({"time": times, "up": [True, False, True, False], "error": None})
    assert lost(feed, END) == [(T0 + 7200, T0 + 10800), (T0 + 72000, T1)]
    assert lost(None, END) == []


@pytest.mark.parametrize(
    ("pollutant", "at", "expected"),
    [
        ("pm25", END, [(45, 24)]),
        ("pm25", datetime(2025, 12, 31, 16, 59, tzinfo=UTC), [(50, 24)]),
        ("pm25", datetime(2025, 12, 31, 17, 0, tzinfo=UTC), [(45, 24)]),
        ("no2", END, [(200, 1), (100, 24)]),
        ("o3", END, [(200, 1), (120, 8)]),
        ("humidity", END, []),
    ],
)
def test_the_limits_of_qcvn_05_2023(pollutant: str, at: datetime, expected: list[tuple[float, int]]) -> None:
    assert [(limit.value, limit.hours) for limit in qcvn.limits(pollutant, at)] == expected


@pytest.mark.parametrize(
    ("service", "name", "expected"),
    [
        ("hydrology", "water_level", {"BĐ1": 1, "BĐ2": 2, "BĐ3": 3}),
        ("hydrology", "rain_1h", {}),
        ("air_quality", "pm25", {"QCVN 05, TB 24 giờ": 0}),
        ("health", "bed_occupancy", {"đông": 1, "kín giường": 2, "quá tải": 3}),
        ("public_utilities", "water_loss", {"mục tiêu": 0, "thất thoát cao": 2}),
        ("buses", "delay", {}),
    ],
)
def test_layers_say_what_a_curve_is_measured_against(service: str, name: str, expected: dict[str, int]) -> None:
    row = pd.Series({"name": "Trạm thủy văn Kim Long", "properties": {"station": "kim_long"}})
    assert {one.title_vi: one.level for one in get(service).limits(row, name, END)} == expected


def test_an_alarm_nobody_has_confirmed_has_no_colour() -> None:
    from layers import _limits

    first, second = _limits.alarms({"bd1": 1.0, "bd2": 2.0}, {"bd1": 1.0})
    assert (first.level, second.level) == (1, 0)
    assert second.title_vi == "BĐ2 chưa xác nhận"
