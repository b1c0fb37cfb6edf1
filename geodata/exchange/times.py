"""Times as a person writes them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from geodata.exchange.errors import NotATime

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")


def instant(text: str) -> datetime:
    """ISO 8601 as aware UTC; without an offset it is Viet Nam time. Raises NotATime."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotATime(text=text) from None
    return day(moment)


def day(moment: datetime) -> datetime:
    """Aware UTC of a clock reading; a naive one was read in Viet Nam."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=VIET_NAM)).astimezone(UTC)
