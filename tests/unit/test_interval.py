"""Intervals of shares, means and medians, against tables."""

from __future__ import annotations

import pytest

from geodata.indicators import interval


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [
        (9, 10, 0.5958, 0.9821),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (1, 1, 0.2065, 1),
    ],
)
def test_wilson(numerator: int, denominator: int, low: float, high: float) -> None:
    assert interval.wilson(numerator, denominator) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_what_is_no_share_is_none() -> None:
    assert [interval.wilson(*pair) for pair in ((0, 0), (3, 2), (-1, 2))] == [None] * 3


@pytest.mark.parametrize(("freedom", "t"), [(2, 4.3027), (3, 3.1824), (6, 2.4469), (10, 2.2281), (30, 2.0423)])
def test_student(freedom: int, t: float) -> None:
    assert interval.student(freedom) == pytest.approx(t, rel=0.01 if freedom < 6 else 0.001)


def test_mean_and_median_need_enough_values() -> None:
    assert interval.mean([1, 2]) is None
    low, high = interval.mean([1.0, 2.0, 3.0]) or (0, 0)
    assert (low + high) / 2 == pytest.approx(2)
    assert interval.median([1, 2, 3, 4, 5]) is None
    assert interval.median([1, 2, 3, 4, 5, 6]) == (1, 6)
    assert interval.median(list(range(1, 101))) == (40, 61)
    big = interval.median(list(range(1, 2001)))
    assert big is not None
    assert big == pytest.approx((956, 1045), abs=2)
