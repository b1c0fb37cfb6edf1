"""What must hold of VN_AQI for any series: bounds, order, gaps."""

from __future__ import annotations

from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.rules import vn_aqi

COLUMNS = st.sampled_from(sorted(vn_aqi.BREAKPOINTS))
AMOUNT = st.floats(0, 200_000)
HOURS = st.lists(st.one_of(st.floats(0, 1000), st.just(nan)), max_size=14)


@given(COLUMNS, AMOUNT)
def test_a_sub_index_lies_between_0_and_500(column: str, concentration: float) -> None:
    assert 0 <= vn_aqi.sub_index(column, concentration) <= 500


@given(COLUMNS, AMOUNT, AMOUNT)
def test_more_of_a_pollutant_is_never_a_better_index(column: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert vn_aqi.sub_index(column, low) <= vn_aqi.sub_index(column, high)


@pytest.mark.parametrize("column", vn_aqi.BREAKPOINTS)
def test_what_is_missing_or_impossible_has_no_index(column: str) -> None:
    assert isnan(vn_aqi.sub_index(column, nan))
    assert isnan(vn_aqi.sub_index(column, -0.1))


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(KeyError):
        vn_aqi.sub_index("pm1", 10.0)


@given(HOURS)
def test_nowcast_lies_within_its_hours(hours: list[float]) -> None:
    found = vn_aqi.nowcast(hours)
    if sum(not isnan(c) for c in hours[:3]) < 2:
        assert isnan(found)
    else:
        known = [c for c in hours[: vn_aqi.NOWCAST_HOURS] if not isnan(c)]
        assert min(known) - 1e-9 <= found <= max(known) + 1e-9


@given(HOURS, st.lists(st.floats(0, 1000), max_size=5))
def test_nowcast_looks_back_twelve_hours_and_no_further(hours: list[float], older: list[float]) -> None:
    twelve = (hours + [nan] * vn_aqi.NOWCAST_HOURS)[: vn_aqi.NOWCAST_HOURS]
    assert vn_aqi.nowcast(twelve) == pytest.approx(vn_aqi.nowcast(twelve + older), nan_ok=True)


@given(st.lists(st.floats(1, 500), min_size=3, max_size=12), st.integers(0, 11), st.floats(0, 200))
def test_an_hour_that_got_worse_never_lowers_a_steady_weight(hours: list[float], at: int, more: float) -> None:
    """Under w = ½ the weights do not depend on the values, so NowCast is monotone in each hour."""
    low = min(hours)
    wild = [*hours, 3 * max(hours)]  # C_min / C_max is under ½ and stays so
    worse = list(wild)
    worse[at % len(hours)] = min(wild[at % len(hours)] + more, wild[-1])
    if min(worse) == low:
        assert vn_aqi.nowcast(worse) >= vn_aqi.nowcast(wild) - 1e-9


@given(st.dictionaries(st.sampled_from(sorted({*vn_aqi.HOURLY, *vn_aqi.PARTICLES})), HOURS))
def test_an_index_is_its_worst_part_and_needs_a_particle(series: dict[str, list[float]]) -> None:
    found = vn_aqi.hourly(series)
    particle = any(not isnan(vn_aqi.nowcast(series[name])) for name in vn_aqi.PARTICLES if name in series)
    assert (found is not None) == particle
    if found is not None:
        assert found.value == max(found.parts.values()) == found.parts[found.leading]
        assert set(found.parts) <= set(series)


@given(st.integers(0, 500))
def test_bands_and_levels_rise_together(value: int) -> None:
    assert 0 <= vn_aqi.band(value) <= vn_aqi.band(min(value + 1, 500)) <= 5
    assert vn_aqi.level(value) == max(0, vn_aqi.band(value) - 1)


def test_halves_go_up_whatever_binary_makes_of_them() -> None:
    assert vn_aqi.half_up(109.5) == vn_aqi.half_up(109.49999999999999) == 110
    assert vn_aqi.half_up(109.49) == 109
