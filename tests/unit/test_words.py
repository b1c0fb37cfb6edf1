"""Numbers, ages and moments as the style guide writes them (look.md 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, nan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import words

AT = datetime(2026, 11, 21, 7, 5, 12, tzinfo=UTC)  # 14:05:12 in Vietnam, a Saturday
MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (1234567, 0, "1.234.567", "1,234,567"),
        (-0.3, 1, "−0,3", "−0.3"),
        (-0.04, 1, "0,0", "0.0"),
        (0.5, 0, "1", "1"),
        (2.5, 0, "3", "3"),
        (0.145, 2, "0,15", "0.15"),
        (4.62, 2, "4,62", "4.62"),
        (np.float64(7), 0, "7", "7"),
        (1e30, 0, "1" + ".000" * 10, "1" + ",000" * 10),
        (None, 1, "–", "–"),
        (nan, 1, "–", "–"),
        (inf, 1, "–", "–"),
    ],
)
def test_numbers(value: float | None, decimals: int, vi: str, en: str) -> None:
    assert words.number(value, decimals) == vi
    assert words.number(value, decimals, "en") == en


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_a_number_is_read_back_within_half_a_step(value: float, decimals: int) -> None:
    text = words.number(value, decimals).replace(".", "").replace(",", ".").replace("−", "-")
    assert abs(float(text) - value) <= 0.5 * 10**-decimals + abs(value) * 1e-15


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "vi", "en"),
    [
        (4.62, "m", 2, "4,62\u2009m", "4.62\u2009m"),
        (1240, "m3/s", 0, "1.240\u2009m³/s", "1,240\u2009m³/s"),
        (6.1, "[kn_i]", 1, "6,1\u2009hải lý/giờ", "6.1\u2009kn"),
        (55.7, "ug/m3", 1, "55,7\u2009µg/m³", "55.7\u2009µg/m³"),
        (27, "Cel", 0, "27\u2009°C", "27\u2009°C"),
        (94.1, "%", 1, "94,1%", "94.1%"),
        (12, "{vehicle}/h", 0, "12\u2009xe/giờ", "12\u2009vehicles/h"),
        (12.5, "10*6.m3", 1, "12,5\u2009triệu m³", "12.5\u2009million m³"),
        (3, "{widget}", 0, "3\u2009widget", "3\u2009widget"),
        (3, "1", 0, "3", "3"),
        (3, None, 0, "3", "3"),
        (None, "m", 2, "–", "–"),
    ],
)
def test_quantities(value: float | None, unit: str | None, decimals: int, vi: str, en: str) -> None:
    assert words.quantity(value, unit, decimals) == vi
    assert words.quantity(value, unit, decimals, "en") == en


def test_shares() -> None:
    assert words.percent(0.941) == "94,1%"
    assert words.percent(1.0, 0, "en") == "100%"
    assert words.percent(nan) == "–"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (9_999, "9.999"),
        (10_000, "10,0 nghìn"),
        (183_000, "183,0 nghìn"),
        (999_949, "999,9 nghìn"),
        (999_960, "1,0 triệu"),
        (1_234_567, "1,2 triệu"),
        (999_960_000, "1,0 tỷ"),
        (-1_200_000, "−1,2 triệu"),
    ],
)
def test_large_numbers_on_the_wall(value: float, said: str) -> None:
    assert words.large(value) == said


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (-5, "0 giây", "0 s"),
        (8.9, "8 giây", "8 s"),
        (59.9, "59 giây", "59 s"),
        (MINUTE, "1 phút", "1 min"),
        (26 * MINUTE + 59, "26 phút", "26 min"),
        (HOUR - 1, "59 phút", "59 min"),
        (HOUR, "1 giờ", "1 h"),
        (7 * HOUR + 12 * MINUTE, "7 giờ 12", "7 h 12"),
        (7 * HOUR + 5 * MINUTE, "7 giờ 05", "7 h 05"),
        (DAY - 1, "23 giờ 59", "23 h 59"),
        (DAY, "1 ngày", "1 day"),
        (4 * DAY + 5 * HOUR, "4 ngày", "4 days"),
        (30 * DAY, "30 ngày", "30 days"),
        (31 * DAY, "31 ngày", "31 days"),
        (None, "–", "–"),
        (nan, "–", "–"),
    ],
)
def test_ages(seconds: float | None, vi: str, en: str) -> None:
    assert words.age(seconds) == vi
    assert words.age(seconds, "en") == en


def test_over_thirty_days_an_age_is_its_date() -> None:
    assert words.age(30 * DAY, at=AT) == "30 ngày"
    assert words.age(30 * DAY + 1, at=AT) == "21/11/2026"


def test_moments_are_of_the_city() -> None:
    assert words.moment(AT) == "21/11/2026 14:05"
    assert words.moment(AT, seconds=True) == "21/11/2026 14:05:12"
    assert words.moment(AT, day_only=True) == "21/11/2026"
    assert words.moment(AT, "UTC") == "21/11/2026 07:05"
    assert words.moment(datetime(2026, 12, 31, 18, tzinfo=UTC)) == "01/01/2027 01:00"
    assert words.moment(pd.Timestamp(AT)) == "21/11/2026 14:05"
    assert words.moment(None) == words.moment(pd.NaT) == "–"  # type: ignore[arg-type]  # what a frame holds for no time
    assert (words.clock(AT), words.clock(AT, seconds=True)) == ("14:05", "14:05:12")


def test_the_date_of_the_wall() -> None:
    assert words.long_date(AT) == "Thứ Bảy, 21/11/2026"
    assert words.long_date(AT + timedelta(days=1)) == "Chủ Nhật, 22/11/2026"
    assert words.long_date(AT, "en") == "Saturday, 21/11/2026"


def test_coordinates() -> None:
    assert words.coordinates(107.6035, 16.4615) == "16,4615° B 107,6035° Đ"
    assert words.coordinates(107.6035, 16.4615, "en") == "16.4615° N 107.6035° E"
    assert words.coordinates(-70.5, -20.25) == "20,2500° N 70,5000° T"
    assert words.coordinates(-70.5, -20.25, "en") == "20.2500° S 70.5000° W"
