"""VN_AQI against the worked examples of Decision 1459/QĐ-TCMT and its tables."""

from math import isnan, nan

import pytest

from geodata.rules import vn_aqi

PM25_09_TO_20 = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]
"""µg/m³ from 09:00 to 20:00, as the Decision prints them; the NowCast of 20:00 wants the newest first."""


def test_nowcast_of_the_decision() -> None:
    assert vn_aqi.nowcast(PM25_09_TO_20[::-1]) == pytest.approx(20.3, abs=0.05)


@pytest.mark.parametrize(
    ("column", "concentration", "index", "printed"),
    [
        ("o3_1h", 136.1, 42.53, 43),
        ("pm25", 20.3, 40.6, 41),
        ("o3_8h", 89.3, 44.65, 45),
        ("o3_1h", 114.6, 35.81, 36),
        ("no2_1h", 130.8, 65.4, 65),
        ("pm25", 55.7, 109.5, 110),
    ],
)
def test_sub_indices_of_the_decision(column: str, concentration: float, index: float, printed: int) -> None:
    found = vn_aqi.sub_index(column, concentration)
    assert found == pytest.approx(index, abs=0.01)
    assert vn_aqi.half_up(found) == printed


def test_the_one_example_that_no_rounding_rule_fits() -> None:
    """NO2 118,7 µg/m³ is 59,35; the Decision prints 60. Half-up gives 59, and every other example agrees with it."""
    found = vn_aqi.sub_index("no2_1h", 118.7)
    assert found == pytest.approx(59.35)
    assert vn_aqi.half_up(found) == 59


def test_the_hour_of_the_decision() -> None:
    hour = vn_aqi.hourly({"pm25": PM25_09_TO_20[::-1], "o3": [136.1], "no2": [118.7]})
    assert hour == vn_aqi.Index(59, "no2", {"pm25": 41, "o3": 43, "no2": 59})


def test_the_day_of_the_decision() -> None:
    day = vn_aqi.daily({"o3_8h": 89.3, "o3_1h": 114.6, "no2_1h": 130.8, "pm25": 55.7})
    assert day == vn_aqi.Index(110, "pm25", {"pm25": 110, "no2": 65, "o3": 45})


def test_ozone_above_400_over_eight_hours_uses_the_hour_alone() -> None:
    day = vn_aqi.daily({"pm25": 1.0, "o3_8h": 401.0, "o3_1h": 160.0})
    assert day is not None
    assert day.parts["o3"] == 50


@pytest.mark.parametrize("column", vn_aqi.BREAKPOINTS)
def test_breakpoints_are_met_exactly_and_joined(column: str) -> None:
    known = [(c, i) for c, i in zip(vn_aqi.BREAKPOINTS[column], vn_aqi.INDEX, strict=True) if c is not None]
    for concentration, index in known:
        assert vn_aqi.sub_index(column, concentration) == pytest.approx(index)
        assert vn_aqi.sub_index(column, concentration + 1e-6) >= index - 1e-9
    assert vn_aqi.sub_index(column, known[-1][0] * 10) == known[-1][1]


def test_without_a_particle_there_is_no_index() -> None:
    assert vn_aqi.hourly({"o3": [100.0], "no2": [50.0]}) is None
    assert vn_aqi.hourly({"pm25": [nan, nan, 30.0], "o3": [100.0]}) is None


@pytest.mark.parametrize(
    ("hours", "known"),
    [([10.0, nan, 12.0], True), ([10.0, 11.0], True), ([10.0, nan, nan, 9.0], False), ([nan] * 12, False), ([], False)],
)
def test_nowcast_needs_two_of_the_newest_three(hours: list[float], known: bool) -> None:
    assert isnan(vn_aqi.nowcast(hours)) is not known


def test_a_steady_series_is_its_own_nowcast_with_and_without_gaps() -> None:
    assert vn_aqi.nowcast([40.0] * 12) == pytest.approx(40)
    assert vn_aqi.nowcast([40.0, nan, 40.0, nan, 40.0]) == pytest.approx(40)
    assert vn_aqi.nowcast([0.0, 0.0, 0.0]) == 0


def test_the_weight_is_never_under_a_half() -> None:
    assert vn_aqi.nowcast([100.0, 0.0]) == pytest.approx(100 / 1.5)


@pytest.mark.parametrize(
    ("value", "band", "level"), [(0, 0, 0), (50, 0, 0), (51, 1, 0), (101, 2, 1), (151, 3, 2), (201, 4, 3), (301, 5, 4)]
)
def test_bands_and_levels(value: float, band: int, level: int) -> None:
    assert (vn_aqi.band(value), vn_aqi.level(value)) == (band, level)
