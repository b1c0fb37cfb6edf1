"""The age of what offices write on working days only: days off do not make it older.

Without this every daily table of an office would be late on Saturday and lost after Tết.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from geodata.calendar import ONE_DAY, WorkCalendar

MOST_DAYS = 60
"""Over that no calendar explains the silence."""


def age(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Time from ``start`` to ``end`` without the days off between; both aware. Negative when ``end`` is earlier."""
    if end - start > timedelta(days=MOST_DAYS) or end <= start:
        return end - start
    a, b = start.astimezone(calendar.zone), end.astimezone(calendar.zone)
    off, day = timedelta(), a.date()
    while day <= b.date():
        if not calendar.is_working_day(day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
            off += max(min(b, midnight + ONE_DAY) - max(a, midnight), timedelta())
        day += ONE_DAY
    return end - start - off
