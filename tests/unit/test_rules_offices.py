"""Rules of offices: small numbers, dossiers, targets, the age of what is written on working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf, nan

import pytest

from geodata.calendar import WorkCalendar
from geodata.rules import dossier, office_days, small_numbers, target

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("top", "bottom", "share"),
    [
        (4, 5, 0.8),
        (4, 4, None),  # four cases are no rate
        (0, 5, 0.0),
        (6, 5, 1.2),
        (None, 5, None),
        (3, nan, None),
        (3, inf, None),
        (-1, 9, None),
        (0, 0, None),
    ],
)
def test_a_rate_is_told_from_five_cases_on(top: float | None, bottom: float | None, share: float | None) -> None:
    assert small_numbers.share(top, bottom) == share


def test_days_are_pooled_and_unknown_ones_left_out() -> None:
    assert small_numbers.pooled([(3, 4), (None, 7), (nan, 2), (5, 6)]) == (8, 10)
    assert small_numbers.pooled([]) == (0, 0)


@pytest.mark.parametrize(("count", "told"), [(0, True), (1, False), (4, False), (5, True), (None, False), (nan, False)])
def test_a_cell_of_few_people_is_not_told(count: float | None, told: bool) -> None:
    assert small_numbers.told(count, 5) is told


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@pytest.mark.parametrize(
    ("category", "expected", "closed", "on_time"),
    [
        ("done", ago(1), ago(2), True),
        ("done", ago(2), ago(1), False),
        ("processing", ago(-5), None, None),
        ("processing", ago(1), None, False),  # still open after its deadline: late already
        ("more_papers", ago(1), None, None),
        ("payment_due", ago(1), None, None),
        ("stopped", ago(1), None, None),
        ("withdrawn", ago(1), ago(2), None),
        ("not_accepted", ago(1), ago(2), None),
        (None, ago(1), None, False),
        ("processing", None, None, None),
    ],
)
def test_what_counts_as_on_time(
    category: str | None, expected: datetime | None, closed: datetime | None, on_time: bool | None
) -> None:
    assert dossier.on_time(category, expected, closed, NOW) is on_time


@pytest.mark.parametrize(
    ("solved", "overdue", "in_progress", "level"),
    [
        ((95, 100), 0, 100, 0),
        ((94, 100), 0, 100, 2),
        ((0, 4), 0, 100, 0),  # four solved say nothing
        ((99, 100), 5, 100, 0),
        ((99, 100), 6, 100, 2),
        ((99, 100), 3, 4, 0),
        ((0, 0), None, nan, 0),
    ],
)
def test_when_an_office_is_late(
    solved: tuple[float, float], overdue: float | None, in_progress: float | None, level: int
) -> None:
    assert dossier.level(solved, overdue, in_progress) == level


@pytest.mark.parametrize(
    ("done", "of", "plan", "missing", "level"),
    [
        (16, 18, 90, 0.2, 0),  # 90% of 18 are 16,2
        (15, 18, 90, 1.2, 2),
        (18, 20, 90, 0.0, 0),
        (17, 20, 90, 1.0, 2),
        (20, 20, 90, 0.0, 0),
        (1, 4, 90, 2.6, 0),  # too few
        (1, 4, None, None, 0),
        (nan, 4, 90, None, 0),
    ],
)
def test_a_target_is_missed_by_a_whole_one(
    done: float, of: float, plan: float | None, missing: float | None, level: int
) -> None:
    assert target.missing(done, of, plan) == missing
    assert target.level(None, plan, done, of) == level


def test_a_rate_without_its_number_is_taken_by_its_word() -> None:
    assert target.level(89.9, 90, None, None) == 2
    assert target.level(90, 90, nan, nan) == 0
    assert target.level(nan, 90, None, None) == 0


@pytest.mark.parametrize(("value", "number"), [(0, 0), (69.9, 0), (70, 1), (94.9, 3), (95, 4), (100, 4), (nan, None)])
def test_a_bound_belongs_to_the_class_above_it(value: float, number: int | None) -> None:
    assert target.class_of(value) == number


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ((20, 17, 30), (23, 17, 30), 24),  # Friday to Monday: the two days off do not count
        ((20, 17, 30), (22, 13, 0), 6.5),
        ((17, 17, 30), (18, 17, 30), 24),
        ((21, 8, 0), (21, 12, 0), 0),
    ],
)
def test_days_off_make_nothing_older(start: tuple[int, int, int], end: tuple[int, int, int], hours: float) -> None:
    calendar = WorkCalendar()
    a, b = (datetime(2026, 11, *moment, tzinfo=calendar.zone) for moment in (start, end))
    assert office_days.age(a, b, calendar) == timedelta(hours=hours)


def test_over_two_months_and_from_the_future_the_plain_age_stands() -> None:
    assert office_days.age(NOW - timedelta(days=90), NOW, WorkCalendar()) == timedelta(days=90)
    assert office_days.age(NOW + timedelta(hours=1), NOW, WorkCalendar()) == timedelta(hours=-1)
