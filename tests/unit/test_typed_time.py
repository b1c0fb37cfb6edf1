"""A moment as it is typed, read in the city's time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.panels.typed_time import NotAMoment, parse

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)  # 13:30 in Huế


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21/11/2026 14:05", datetime(2026, 11, 21, 7, 5, tzinfo=UTC)),
        (" 1/3/2026  0:05 ", datetime(2026, 2, 28, 17, 5, tzinfo=UTC)),
        ("21-11-2026 14h05", datetime(2026, 11, 21, 7, 5, tzinfo=UTC)),
        ("21/11/2026 14:05:30", datetime(2026, 11, 21, 7, 5, 30, tzinfo=UTC)),
        ("21/11 14:05", datetime(2026, 11, 21, 7, 5, tzinfo=UTC)),
        ("24/12 14:05", datetime(2025, 12, 24, 7, 5, tzinfo=UTC)),  # this year's lies ahead
        ("08:15", datetime(2026, 11, 22, 1, 15, tzinfo=UTC)),
        ("23:50", datetime(2026, 11, 21, 16, 50, tzinfo=UTC)),  # today's lies ahead
    ],
)
def test_a_moment_is_read_in_the_time_of_the_city(text: str, moment: datetime) -> None:
    assert parse(text, ZONE, NOW) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form"),
        ("hôm qua", "form"),
        ("31/02/2026 10:00", "form"),
        ("21/11/2026", "form"),
        ("21/11/2026 25:00", "form"),
        ("23/11/2026 14:05", "future"),
        ("01/01/1989 00:00", "old"),
    ],
)
def test_what_is_no_moment_says_why(text: str, why: str) -> None:
    with pytest.raises(NotAMoment) as caught:
        parse(text, ZONE, NOW)
    assert caught.value.args == (why,)
