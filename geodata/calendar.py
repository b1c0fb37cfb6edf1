"""Working time of Vietnamese public offices: rest days, holidays, days off in lieu, make-up working days.

The days stand in ``geodata/data/calendar.toml``, year by year, because the government announces them year by
year (Labour Code 2019, Art. 112; swaps for civil servants by yearly notice). Nothing here is computed from the
moon. Years that the file does not hold have only the weekly rest days: ``WorkCalendar.covers`` says which.

Dates are local dates of Viet Nam, clock times local; every datetime in and out is aware, results are UTC.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid, VongLauError

ONE_DAY = timedelta(days=1)
HORIZON_DAYS = 3660  # ten years: a deadline further away is a mistake in the data, not a deadline


class NoWorkingTime(VongLauError):
    """no working time is left within ten years of {start}; check the working days in the city file"""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Strict):
    """From ``start`` to ``end`` on one day, local clock."""

    start: time
    end: time

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.start >= self.end:
            raise ValueError(f"a span ends after it starts, not {self.start}-{self.end}")
        return self


class WorkingHours(_Strict):
    """When an office works. ``weekdays`` are ISO (1 Monday … 7 Sunday); ``off`` names calendar entries that this
    city does not observe (``culture_day`` until the amended Art. 112 is confirmed).
    """

    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    spans: tuple[Span, ...] = (
        Span(start=time(7, 30), end=time(11, 30)),
        Span(start=time(13, 30), end=time(17)),
    )
    off: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _usable(self) -> WorkingHours:
        if not self.weekdays or not set(self.weekdays) <= set(range(1, 8)):
            raise ValueError("weekdays are numbers from 1 (Monday) to 7 (Sunday), at least one")
        if not self.spans or any(a.end > b.start for a, b in pairwise(self.spans)):
            raise ValueError("spans are in order of the day and do not overlap, at least one")
        return self


class DayOff(_Strict):
    """A day without work: a holiday, its make-up day, or a day off in lieu of a worked Saturday (``swap``)."""

    day: date
    id: str
    title_vi: str
    title_en: str
    kind: Literal["holiday", "made_up", "swap"] = "holiday"
    confirmed: bool = True  # False: computed or not read in a published plan


class Worked(_Strict):
    """A rest day that is worked in exchange for a day off."""

    day: date
    instead_of: date
    confirmed: bool = True


class Year(_Strict):
    """The calendar of one year. ``tet`` is the first day of the lunar year, computed at UTC+7."""

    year: int
    name_vi: str
    tet: date
    source_vi: str
    days: tuple[DayOff, ...]
    worked: tuple[Worked, ...] = ()

    @model_validator(mode="after")
    def _own_year(self) -> Year:
        named = [*(d.day for d in self.days), *(w.day for w in self.worked)]
        strangers = [str(day) for day in named if day.year != self.year]
        if strangers:
            raise ValueError(f"not days of {self.year}: {', '.join(strangers)}")
        return self


class _File(_Strict):
    years: tuple[Year, ...] = Field(alias="year")


class WorkCalendar:
    """Working days and working time by one city's hours. Immutable; cheap to build and to keep."""

    def __init__(
        self,
        hours: WorkingHours | None = None,
        timezone: str = "Asia/Ho_Chi_Minh",
        table: Mapping[int, Year] | None = None,
    ) -> None:
        self.hours = hours or WorkingHours()
        self.zone = ZoneInfo(timezone)
        self._years = years() if table is None else table
        listed = [d for y in self._years.values() for d in y.days if d.id not in self.hours.off]
        self._off = {d.day: d for d in listed}
        self._worked = {w.day for y in self._years.values() for w in y.worked}

    def covers(self, day: date) -> bool:
        """Whether the holidays of that year are known; if not, only weekly rest days are counted."""
        return day.year in self._years

    def day_off(self, day: date) -> DayOff | None:
        """The calendar's entry for that day; None for an ordinary day or weekend."""
        return self._off.get(day)

    def is_working_day(self, day: date) -> bool:
        if day in self._worked:
            return True
        return day not in self._off and day.isoweekday() in self.hours.weekdays

    def add(self, start: datetime, hours: float) -> datetime:
        """The instant at which ``hours`` of working time have passed since ``start``; UTC.

        Zero hours from outside working time is the next opening. Raises NoWorkingTime, ValueError if negative.
        """
        if hours < 0:
            raise ValueError("working time is added, not taken away")
        left = timedelta(hours=hours)
        for opens, closes in self._open(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise NoWorkingTime(start=start.isoformat())

    def add_days(self, start: datetime, days: int) -> datetime:
        """The end of the ``days``-th working day after the day of ``start``, which itself does not count; UTC.

        The day of an event is not counted and a term ends with its last day (Civil Code 2015, Art. 147, 148).
        """
        day, left = start.astimezone(self.zone).date(), days
        for _ in range(HORIZON_DAYS):
            if left <= 0 and self.is_working_day(day):
                return self._at(day, self.hours.spans[-1].end)
            day += ONE_DAY
            left -= self.is_working_day(day)
        raise NoWorkingTime(start=start.isoformat())

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from ``start`` to ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.between(end, start)
        total = timedelta()
        for opens, closes in self._open(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def _open(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans that end after ``start``, the first cut to it, in UTC."""
        first, start = start.astimezone(self.zone).date(), start.astimezone(UTC)
        for offset in range(HORIZON_DAYS):
            day = first + offset * ONE_DAY
            if not self.is_working_day(day):
                continue
            for span in self.hours.spans:
                opens, closes = self._at(day, span.start), self._at(day, span.end)
                if closes > start:
                    yield max(opens, start), closes


@cache
def years() -> Mapping[int, Year]:
    """Every year of ``geodata/data/calendar.toml``. Raises ConfigInvalid with file and field."""
    path = files("geodata").joinpath("data/calendar.toml")
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, path: str) -> Mapping[int, Year]:
    """The years of a calendar file. Raises ConfigInvalid."""
    try:
        found = _File.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error
    return {year.year: year for year in found.years}
