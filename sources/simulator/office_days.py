"""When offices write: working days, hours, months of the simulated city, and how bad the weather was on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np

from sources.simulator.clock import DAY_S, LOCAL, local_day, local_midnight
from sources.simulator.noise import chance
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

WATCHED_H = (5, 22)
"""The hours whose weather makes a day."""


def storm(town: Town, t: float) -> float:
    """Severity at an instant, 0…1."""
    return float(town.severity(t)[0])


def day_storm(town: Town, day: int) -> float:
    """The worst of a local day's waking hours, 0…1."""
    return float(town.severity(local_midnight(day) + np.arange(*WATCHED_H) * HOUR_S).max())


def date_of(day: int) -> date:
    """The date of a local day number."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + day)


def works(town: Town, day: int) -> bool:
    """Whether the city's offices are open on that local day."""
    return town.city.calendar().is_working_day(date_of(day))


def after(town: Town, t: float, hours: float) -> float:
    """Epoch s after so many working hours."""
    return town.city.calendar().add(datetime.fromtimestamp(t, UTC), hours).timestamp()


def days(start: float, end: float, hour: float) -> Iterator[tuple[int, float]]:
    """Local days with the instant of that local hour, where start < t <= end."""
    for day in range(local_day(start), local_day(end) + 1):
        t = local_midnight(day) + hour * HOUR_S
        if start < t <= end:
            yield day, t


def months(start: float, end: float) -> Iterator[tuple[date, float]]:
    """First days of months with the instant at which their report is out (the 5th after, 08:00), start < t <= end."""
    begun = datetime.fromtimestamp(start - 70 * DAY_S, LOCAL)
    year, month = begun.year, begun.month
    while True:
        following = (year + month // 12, month % 12 + 1)
        t = datetime(*following, 5, 8, tzinfo=LOCAL).timestamp()
        if t > end:
            return
        if t > start:
            yield date(year, month, 1), t
        year, month = following


def scatter(*parts: object, low: float = 0.0, high: float = 1.0) -> float:
    """A number in [low, high) of any printable parts."""
    return low + (high - low) * chance(*parts)


def count(mean: float, *parts: object) -> int:
    """A whole number about ``mean``: a quarter more or less, never negative."""
    raw = mean * scatter(*parts, low=0.75, high=1.25)
    return int(raw) + (chance("rest", *parts) < raw % 1)
