"""Numbers, times, periods and angles as Vietnamese offices write them."""

# ruff: noqa: E501 (tables read best in one line)

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sources._table_values import boolean, degrees, instant, number, period

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.234.567", 1234567), ("1,5", 1.5), ("0.125", 0.125),
        ("12.5", 12.5), ("1 234", 1234), ("1 234,5", 1234.5), ("(5)", -5), ("12 %", 12), ("−3,2", -3.2), ("107.5934", 107.5934),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written(text: str, value: float) -> None:
    assert number(text) == value


def test_a_number_that_may_be_two_is_asked_about() -> None:
    with pytest.raises(ValueError, match="say decimal"):
        number("1.234")
    assert number("1.234", ",") == 1234
    assert number("1.234", ".") == 1.234
    for text in ("1.23.456", "1,2,3.", "abc", "", "1e999", "12,34.5"):
        with pytest.raises(ValueError, match="number"):
            number(text)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 21, 7, 30),  # noqa: DTZ001 (as a spreadsheet has it)
        "21/11/2026 07:30", "21-11-2026 7h30", "07:30 21/11/2026", "7 giờ 30 phút, ngày 21/11/2026", "2026/11/21 7:30",
        "2026-11-21T00:30:00Z", "202611210730", 46347.3125, 1795221000, 1795221000000, "1795221000",
        "ngày 21 tháng 11 năm 2026 07:30", "21/11/26 7:30 SA"
    ],
)  # fmt: skip
def test_times_as_they_are_written(value: object) -> None:
    assert instant(value, ZONE) == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_times_that_are_none() -> None:
    with pytest.raises(ValueError, match="day comes first"):
        instant("12/31/2026", ZONE)
    for value in ("hôm qua", "31/02/2026", "0001-01-01", "9999-12-31", 1e30, True, None, "99999999999999999999"):
        with pytest.raises(ValueError, match="time"):
            instant(value, ZONE)
    assert instant("11-21-2026 07:30", ZONE, "MM-dd-yyyy HH:mm") == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11", "2026-11-01", "2026-12-01"), ("Tháng 11/2026", "2026-11-01", "2026-12-01"), ("12/2026", "2026-12-01", "2027-01-01"),
        ("Quý III/2026", "2026-07-01", "2026-10-01"), ("quý 4 năm 2026", "2026-10-01", "2027-01-01"), ("Q1/2026", "2026-01-01", "2026-04-01"),
        ("Tuần 47/2026", "2026-11-16", "2026-11-23"), ("2026-W47", "2026-11-16", "2026-11-23"), ("Năm 2026", "2026-01-01", "2027-01-01"),
        ("6 tháng đầu năm 2026", "2026-01-01", "2026-07-01"), ("9 tháng/2026", "2026-01-01", "2026-10-01"),
        ("6 tháng cuối năm 2026", "2026-07-01", "2027-01-01"), ("21/11/2026", "2026-11-21", "2026-11-22"),
    ],
)  # fmt: skip
def test_periods_as_they_are_written(text: str, start: str, end: str) -> None:
    found = period(text, ZONE)
    assert [moment.astimezone(ZONE).date().isoformat() for moment in found] == [start, end]


@pytest.mark.parametrize("text", ["Quý 9/2026", "Tuần 60/2026", "tháng 13/2026", "sắp tới"])
def test_periods_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"period|time"):
        period(text, ZONE)


def test_degrees_with_minutes() -> None:
    assert degrees("107°35,5'Đ") == pytest.approx(107.591667, abs=1e-6)
    assert degrees("16°27'30\"N") == pytest.approx(16.458333, abs=1e-6)
    assert degrees("107 35.5") == pytest.approx(107.591667, abs=1e-6)
    for text in ("10735.5", "107°75'", "mười sáu"):
        with pytest.raises(ValueError, match="degrees"):
            degrees(text)
    assert boolean("Có") is True
    assert boolean("không") is False
