"""Working time: the announced days of 2024 to 2028, swaps, make-up days, and clocks over nights and Tết."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.calendar import NoWorkingTime, Span, WorkCalendar, WorkingHours, parse, years
from geodata.errors import ConfigInvalid

CALENDAR = WorkCalendar()
TET = {2024: "2024-02-10", 2025: "2025-01-29", 2026: "2026-02-17", 2027: "2027-02-06", 2028: "2028-01-26"}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone)


@pytest.mark.parametrize(
    ("off", "why"),
    [
        ("2024-01-01", "new_year"),
        ("2024-02-08", "tet"),
        ("2024-02-14", "tet"),
        ("2024-04-18", "hung_kings"),
        ("2024-04-29", "reunification"),
        ("2024-05-01", "labour_day"),
        ("2024-09-03", "national_day"),
        ("2025-01-27", "tet"),
        ("2025-01-31", "tet"),
        ("2025-04-07", "hung_kings"),
        ("2025-05-02", "labour_day"),
        ("2025-09-01", "national_day"),
        ("2026-01-02", "new_year"),
        ("2026-02-16", "tet"),
        ("2026-02-20", "tet"),
        ("2026-04-27", "hung_kings"),
        ("2026-08-31", "national_day"),
        ("2026-09-02", "national_day"),
        ("2026-11-24", "culture_day"),
        ("2027-02-04", "tet"),
        ("2027-02-10", "tet"),
        ("2027-05-03", "labour_day"),
        ("2028-05-02", "reunification"),
        ("2028-09-04", "national_day"),
    ],
)
def test_days_off(off: str, why: str) -> None:
    day = date.fromisoformat(off)
    entry = CALENDAR.day_off(day)
    assert entry is not None
    assert entry.id == why
    assert not CALENDAR.is_working_day(day)


@pytest.mark.parametrize("worked", ["2024-05-04", "2025-04-26", "2026-01-10", "2026-08-22"])
def test_swapped_saturdays_are_worked(worked: str) -> None:
    day = date.fromisoformat(worked)
    assert day.isoweekday() == 6
    assert CALENDAR.is_working_day(day)


@pytest.mark.parametrize("day", ["2024-02-07", "2024-02-15", "2026-02-23", "2026-09-03", "2026-11-23", "2027-02-11"])
def test_ordinary_weekdays_are_worked(day: str) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-11-21", "2026-11-22", "2025-01-25"])
def test_weekends_are_not_worked(day: str) -> None:
    assert not CALENDAR.is_working_day(date.fromisoformat(day))
    assert CALENDAR.day_off(date.fromisoformat(day)) is None


def test_tet_falls_where_the_sky_at_utc_7_puts_it() -> None:
    assert {year: str(entry.tet) for year, entry in years().items()} == TET


def test_a_year_has_eleven_or_twelve_legal_days() -> None:
    """Eleven of Art. 112, twelve with 24/11; a holiday at a weekend and its make-up day are one."""
    for year, entry in years().items():
        tet = [d for d in entry.days if d.id == "tet" and d.day.isoweekday() <= 5]
        assert len(tet) == 5, year
        national = [d for d in entry.days if d.id == "national_day" and d.kind != "swap" and d.day.isoweekday() <= 5]
        assert len(national) == 2, year
        assert {d.id for d in entry.days} >= {"new_year", "tet", "hung_kings", "reunification", "labour_day"}


def test_what_is_not_announced_says_so() -> None:
    assert all(not d.confirmed for d in years()[2027].days if d.id == "tet")
    assert all(not d.confirmed for entry in years().values() for d in entry.days if d.id == "culture_day")
    assert CALENDAR.covers(date(2028, 12, 31))
    assert not CALENDAR.covers(date(2029, 1, 1))


def test_every_swap_is_paid_back() -> None:
    for entry in years().values():
        swapped = {d.day for d in entry.days if d.kind == "swap"}
        assert {w.instead_of for w in entry.worked} == swapped


def test_a_city_can_switch_the_culture_day_off() -> None:
    without = WorkCalendar(WorkingHours(off=("culture_day",)))
    assert without.is_working_day(date(2026, 11, 24))
    assert without.day_off(date(2026, 11, 24)) is None
    assert not without.is_working_day(date(2026, 9, 2))


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-20T08:00", 2, "2026-11-20T10:00"),
        ("2026-11-20T10:30", 2, "2026-11-20T14:30"),  # over the noon rest
        ("2026-11-20T12:00", 1, "2026-11-20T14:30"),  # begins in the rest
        ("2026-11-20T07:30", 4, "2026-11-20T11:30"),  # ends with the morning, not after the rest
        ("2026-11-20T16:00", 4, "2026-11-23T10:30"),  # Friday to Monday
        ("2026-11-21T09:00", 1, "2026-11-23T08:30"),  # Saturday
        ("2026-11-23T16:30", 1, "2026-11-25T08:00"),  # over 24/11
        ("2026-02-13T16:00", 2, "2026-02-23T08:30"),  # over Tết
        ("2026-08-21T16:30", 1, "2026-08-22T08:00"),  # into the worked Saturday
        ("2024-02-07T17:00", 0, "2024-02-15T07:30"),  # zero from closing: the next opening
        ("2026-11-20T03:00", 7.5, "2026-11-20T17:00"),
        ("2026-11-20T03:00", 8, "2026-11-23T08:00"),
    ],
)
def test_working_hours_are_added(start: str, hours: float, due: str) -> None:
    found = CALENDAR.add(local(start), hours)
    assert found == local(due)
    assert found.tzinfo is UTC
    assert CALENDAR.between(local(start), found) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-20T08:00", 1, "2026-11-23T17:00"),
        ("2026-11-20T08:00", 3, "2026-11-26T17:00"),  # 23, 25, 26: the 24th is off
        ("2026-02-12T22:00", 3, "2026-02-24T17:00"),  # Friday 13, then over Tết
        ("2026-11-21T08:00", 0, "2026-11-23T17:00"),
    ],
)
def test_working_days_are_added(start: str, days: int, due: str) -> None:
    assert CALENDAR.add_days(local(start), days) == local(due)


def test_the_moment_counts_not_its_zone() -> None:
    assert CALENDAR.add(datetime(2026, 11, 20, 9, tzinfo=UTC), 4) == local("2026-11-23T10:30")


moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 11, 30), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis wants naive bounds


@given(moments, st.integers(0, 60 * 90))
def test_adding_and_measuring_agree(start: datetime, minutes: int) -> None:
    due = CALENDAR.add(start, minutes / 60)
    assert due >= start
    assert abs(CALENDAR.between(start, due) - timedelta(minutes=minutes)) < timedelta(milliseconds=1)
    assert CALENDAR.between(due, start) == -CALENDAR.between(start, due)


def test_other_hours_can_be_told() -> None:
    shift = WorkCalendar(WorkingHours(weekdays=(6,), spans=(Span(start=time(22), end=time(23)),)))
    assert shift.add(local("2026-11-20T08:00"), 1.5) == local("2026-11-28T22:30")


def test_impossible_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WorkingHours(spans=())
    with pytest.raises(ValueError, match="do not overlap"):
        WorkingHours(spans=(Span(start=time(8), end=time(12)), Span(start=time(11), end=time(13))))
    with pytest.raises(ValueError, match="ends after it starts"):
        Span(start=time(12), end=time(8))
    with pytest.raises(ValueError, match="not taken away"):
        CALENDAR.add(local("2026-11-20T08:00"), -1)
    with pytest.raises(NoWorkingTime, match="no working time is left"):
        CALENDAR.add(local("2026-11-20T08:00"), 1e6)
    with pytest.raises(NoWorkingTime):
        CALENDAR.add_days(local("2026-11-20T08:00"), 10**6)


def test_a_broken_calendar_says_file_and_field() -> None:
    text = '[[year]]\nyear = 2026\nname_vi = "x"\ntet = 2026-02-17\nsource_vi = "x"\ndays = [{ day = 2027-01-01 }]\n'
    with pytest.raises(ConfigInvalid, match=r"calendar.toml: year.0.days.0.id: Field required") as caught:
        parse(text, "calendar.toml")
    assert "\n" not in str(caught.value)
    whole = text.replace("{ day = 2027-01-01 }", '{ day = 2027-01-01, id = "a", title_vi = "a", title_en = "a" }')
    with pytest.raises(ConfigInvalid, match="not days of 2026: 2027-01-01"):
        parse(whole, "calendar.toml")
