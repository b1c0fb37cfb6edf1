"""Every station's alarm levels, from a metre under the lowest to two metres over the highest."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import stations
from geodata.rules import alarm

STATIONS = stations.stations()
CM = 0.01
OURS = {
    "kim_long": (1.0, 2.0, 3.5),
    "phu_oc": (1.5, 3.0, 4.5),
    "thach_han": (3.0, 4.5, 6.0),
    "nam_dan": (5.4, 6.9, 7.9),
}
"""Stations whose three levels several bulletins agree on: m above the zero of the gauge."""


@pytest.mark.parametrize(("name", "levels"), OURS.items())
def test_levels_that_bulletins_agree_on(name: str, levels: tuple[float, float, float]) -> None:
    known = stations.station(name)
    assert tuple(known.alarms.values()) == levels
    assert all(known.confirmed(level) for level in known.alarms)


@pytest.mark.parametrize("name", STATIONS)
def test_each_level_of_a_station_rises_at_its_own_mark(name: str) -> None:
    levels = STATIONS[name].alarms
    for level, at in levels.items():
        number = int(level[-1])
        on, under = alarm.alarm(round(at, 2), levels), alarm.alarm(round(at - CM, 2), levels)
        assert (on.level, on.name) == (number, level)
        assert on.over_m == pytest.approx(0, abs=1e-9)
        assert under.level < number
        assert under.next_name == level
        assert under.next_m == pytest.approx(CM)
        over = alarm.alarm(round(at + CM, 2), levels)
        assert over.name == level
        assert over.over_m == pytest.approx(CM)


@pytest.mark.parametrize("name", [name for name, one in STATIONS.items() if "bd3" in one.alarms])
def test_a_metre_over_the_third_is_level_4_at_every_station(name: str) -> None:
    levels = STATIONS[name].alarms
    top = levels["bd3"]
    assert alarm.alarm(round(top + 1 - CM, 2), levels).level == 3
    found = alarm.alarm(round(top + 1, 2), levels)
    assert (found.level, found.name, found.next_name) == (4, "bd3", None)
    assert alarm.alarm(top + 50, levels).level == 4, "never 5: that is the official text's alone"


@given(st.sampled_from(sorted(STATIONS)), st.floats(-10, 500), st.floats(0, 500))
def test_more_water_is_never_a_lower_level(name: str, value: float, more: float) -> None:
    levels = STATIONS[name].alarms
    low, high = alarm.alarm(value, levels), alarm.alarm(value + more, levels)
    assert 0 <= low.level <= high.level <= 4
    assert (low.over_m is None) == (low.name is None)
    assert low.over_m is None or low.over_m >= 0
    assert low.next_m is None or low.next_m > 0


@pytest.mark.parametrize(
    ("rate", "sign"), [(alarm.STEADY_M_PER_H, 1), (-alarm.STEADY_M_PER_H, -1), (0.0, 0), (inf, 1), (nan, None)]
)
def test_the_edge_of_steady(rate: float, sign: int | None) -> None:
    assert alarm.trend(rate) == sign
