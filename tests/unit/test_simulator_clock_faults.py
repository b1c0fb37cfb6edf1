"""The simulated clock never runs ahead, and faults are switched by name."""

from __future__ import annotations

import pytest

from sources.simulator.clock import DAY_S, SimulatedClock, iso, local_day, local_midnight
from sources.simulator.errors import FaultUnknown
from sources.simulator.faults import Faults, Kind


def test_at_speed_one_it_is_the_real_clock() -> None:
    real = [1000.0]
    clock = SimulatedClock(real=lambda: real[0], steady=lambda: 5.0)
    assert clock.start == clock.now() == 1000.0
    real[0] = 900.0  # set back by its administrator
    assert clock.now() == 900.0


def test_a_fast_clock_begins_in_the_past_and_stops_at_the_present() -> None:
    real, steady = [1_000_000.0], [0.0]
    clock = SimulatedClock(60, DAY_S, real=lambda: real[0], steady=lambda: steady[0])
    assert clock.now() == clock.start == 1_000_000 - DAY_S
    real[0], steady[0] = real[0] + 60, 60.0
    assert clock.now() == clock.start + 3600
    real[0], steady[0] = real[0] + DAY_S, 60 + DAY_S
    assert clock.now() == real[0]


def test_local_days() -> None:
    assert iso(local_midnight(local_day(1795222800.0))) == "2026-11-20T17:00:00Z"


def test_faults_by_source_and_for_all() -> None:
    faults = Faults(("ais", "air"))
    faults.switch_on("ais=skew:90", 10.0)
    assert faults.skew_s("ais") == 90
    assert faults.skew_s("air") == 0
    faults.switch_on("all=late", 50.0)
    assert faults.held_at("air", 60.0) == 50.0
    assert faults.describe()["ais"]["kind"] == "late"
    faults.switch_off("ais")
    assert faults.held_at("ais", 60.0) == 60.0
    faults.switch_off("all")
    assert faults.of("air") is None
    assert not faults.is_on("air", Kind.LATE)


@pytest.mark.parametrize("text", ["ais", "ais=fire", "nobody=outage", "ais=skew:long", "=outage"])
def test_unknown_faults_are_told_in_one_line(text: str) -> None:
    with pytest.raises(FaultUnknown, match="kinds: outage, stall") as caught:
        Faults(("ais",)).switch_on(text, 0.0)
    assert "\n" not in str(caught.value)


def test_switching_off_an_unknown_source_is_told() -> None:
    with pytest.raises(FaultUnknown):
        Faults(("ais",)).switch_off("nobody")
