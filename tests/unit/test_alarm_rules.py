"""Alarm levels of rivers, the clock of a case, the clocks of a vessel."""

from datetime import UTC, datetime, timedelta

import pytest

from geodata import stations
from geodata.rules import alarm, deadline, vessel

KIM_LONG = {str(name): value for name, value in stations.station("kim_long").alarms.items()}
NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "level", "name"),
    [(0.82, 0, None), (1.0, 1, "bd1"), (2.24, 2, "bd2"), (3.5, 3, "bd3"), (4.49, 3, "bd3"), (4.5, 4, "bd3")],
)
def test_levels_of_kim_long(value: float, level: int, name: str | None) -> None:
    found = alarm.alarm(value, KIM_LONG)
    assert (found.level, found.name) == (level, name)


def test_how_far_to_the_next_alarm_and_over_the_last() -> None:
    found = alarm.alarm(2.24, KIM_LONG)
    assert found.over_m == pytest.approx(0.24)
    assert found.next_name == "bd3"
    assert found.next_m == pytest.approx(1.26)


def test_levels_that_are_not_known_stay_unknown() -> None:
    assert alarm.alarm(24.4, {"bd3": 24.5}).level == 0
    assert alarm.alarm(24.6, {"bd3": 24.5}).level == 3
    nothing = alarm.alarm(5.0, {})
    assert (nothing.level, nothing.over_m, nothing.next_m) == (0, None, None)


@pytest.mark.parametrize(
    ("rate", "sign"), [(0.12, 1), (-0.3, -1), (0.019, 0), (-0.019, 0), (None, None), (float("nan"), None)]
)
def test_trend(rate: float | None, sign: int | None) -> None:
    assert alarm.trend(rate) == sign


@pytest.mark.parametrize(
    ("hours", "urgency", "share", "level"),
    [(1, None, 0.125, 0), (6, "urgent", 0.75, 0), (8, None, 1.0, 2), (12, "normal", 1.5, 2), (9, "urgent", 1.125, 3)],
)
def test_the_clock_of_a_case(hours: float, urgency: str | None, share: float, level: int) -> None:
    used = deadline.share_used(NOON, NOON + timedelta(hours=8), NOON + timedelta(hours=hours))
    assert used == pytest.approx(share)
    assert deadline.level(used, urgency) == level


def test_a_case_without_a_deadline_has_no_clock() -> None:
    assert deadline.share_used(NOON, None, NOON) is None
    assert deadline.share_used(NOON, NOON, NOON) is None
    assert deadline.level(None, "urgent") == 0


@pytest.mark.parametrize(
    ("hours", "length_m", "state", "level"),
    [
        (1.9, 26, "fresh", 0),
        (2.1, 26, "late", 0),
        (2.1, 17, "fresh", 0),
        (2.1, None, "fresh", 0),
        (5.9, 17, "late", 0),
        (6.1, 26, "silent", 3),
        (239, 26, "silent", 3),
        (241, 26, "silent", 4),
    ],
)
def test_the_clocks_of_a_vessel(hours: float, length_m: float | None, state: str, level: int) -> None:
    assert vessel.signal(hours * 3600, length_m) == (state, level)


def test_in_port_the_clock_stands() -> None:
    assert vessel.signal(20 * 86400, 26, in_port=True) == ("fresh", 0)
