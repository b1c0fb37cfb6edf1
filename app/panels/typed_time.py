"""A moment as a person types it, in the city's time: 21/11/2026 14:05, 21/11 14:05, 14:05."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FORM = re.compile(r"(?:(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?\s+)?(\d{1,2})[:hg](\d{2})(?::(\d{2}))?")
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


class NotAMoment(ValueError):
    """``args[0]`` says why: ``form``, ``future`` or ``old``."""


def parse(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment in UTC. Without a year this year, or the last one when that lies ahead; without a date today.

    Raises NotAMoment.
    """
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise NotAMoment("form")
    day, month, year, hour, minute, second = (None if part is None else int(part) for part in found.groups())
    today = now.astimezone(zone)
    try:
        local = datetime(
            year or today.year, month or today.month, day or today.day, hour or 0, minute or 0, second or 0, tzinfo=zone
        )
    except ValueError as error:
        raise NotAMoment("form") from error
    moment = local.astimezone(UTC)
    if moment > now and day is None:
        moment -= timedelta(days=1)
    elif moment > now and year is None:
        moment = local.replace(year=today.year - 1).astimezone(UTC) if (month, day) != (2, 29) else moment
    if moment > now:
        raise NotAMoment("future")
    if moment < OLDEST:
        raise NotAMoment("old")
    return moment
