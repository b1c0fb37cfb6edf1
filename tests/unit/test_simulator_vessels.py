"""The fleet: on water, believable, and the same whenever and wherever it is asked for."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from pyais import decode

from geodata.city import city
from geodata.rules import sea_zone
from sources.simulator import grounds, nmea
from sources.simulator.fishing import ANCHORED, FISHING
from sources.simulator.radio import LIVE, RECORDED
from sources.simulator.town import Town
from sources.simulator.track import MOORED
from sources.simulator.water import distance_m

NOW = 1795222800.0  # 2026-11-21T01:00:00Z
DAY = 86400.0
COASTAL = ("hue", "quang_tri", "nghe_an", "dak_lak")


@pytest.fixture(scope="module")
def hue() -> Town:
    return Town(city("hue"), 1)


@pytest.mark.parametrize("name", COASTAL)
def test_no_vessel_is_on_land_in_fourteen_days(name: str) -> None:
    town = Town(city(name), 7)
    times = np.arange(NOW - 14 * DAY, NOW, 3571.0)
    for vessel in town.fleet:
        state = town.voyages.state(vessel, times)
        assert town.voyages.waters.is_water(state.lon, state.lat)[state.on_air].all(), vessel
        assert state.sog_kn.max() < 16, vessel


def test_a_city_without_a_coast_has_no_fleet() -> None:
    assert Town(city("dong_ha"), 1).fleet == ()
    assert Town(city("dong_ha"), 1).radio is None


def test_the_same_seed_is_the_same_fleet_and_another_is_not(hue: Town) -> None:
    again, other = Town(city("hue"), 1), Town(city("hue"), 2)
    assert again.fleet == hue.fleet
    assert other.fleet != hue.fleet
    times = np.arange(NOW - DAY, NOW, 977.0)
    for vessel in hue.fleet[::40]:
        one, two = hue.voyages.state(vessel, times), again.voyages.state(vessel, times[::-1])
        assert np.array_equal(one.lon, two.lon[::-1])
        assert np.array_equal(one.sog_kn, two.sog_kn[::-1])


def test_a_state_does_not_depend_on_what_was_asked_before(hue: Town) -> None:
    vessel = hue.fleet[3]
    alone = Town(city("hue"), 1).voyages.state(vessel, np.array([NOW]))
    hue.voyages.state(vessel, np.arange(NOW - 9 * DAY, NOW + 9 * DAY, 5000.0))
    assert hue.voyages.state(vessel, np.array([NOW])).lon == alone.lon


def test_vessels_do_not_jump(hue: Town) -> None:
    times = np.arange(NOW - 2 * DAY, NOW, 60.0)
    for vessel in hue.fleet[:40]:
        state = hue.voyages.state(vessel, times)
        places = list(zip(state.lon.tolist(), state.lat.tolist(), strict=True))
        assert max(distance_m(a, b) for a, b in pairwise(places)) < 60 * 16 * 0.52


def test_the_fleet_goes_out_by_night_and_lies_in_port_by_day(hue: Town) -> None:
    def at_sea(hour: float) -> float:
        times = np.array([NOW - NOW % DAY - 7 * 3600 + hour * 3600 - day * DAY for day in range(7)])
        states = [hue.voyages.state(vessel, times) for vessel in hue.fleet if not vessel.is_cargo]
        return float(np.mean([state.status != MOORED for state in states]))

    assert at_sea(23) > 0.5
    assert 0.1 < at_sea(13) < 0.4


def test_identities_are_of_the_place(hue: Town) -> None:
    fishing = [vessel for vessel in hue.fleet if not vessel.is_cargo]
    names = [vessel.static.name for vessel in fishing]
    assert len(fishing) == 400
    assert len({vessel.mmsi for vessel in hue.fleet}) == len(hue.fleet)
    assert all(str(vessel.mmsi).startswith("574") and len(str(vessel.mmsi)) == 9 for vessel in hue.fleet)
    registered = [name for name in names if re.fullmatch(r"TTH-9\d{4}-TS", name)]
    assert len(registered) == len(set(registered)) > 320
    assert 1 <= names.count("") <= 30


def test_a_few_sets_are_silent_and_never_dozens(hue: Town) -> None:
    times = np.arange(NOW - 30 * DAY, NOW, 6 * 3600.0)
    states = [hue.voyages.state(vessel, times) for vessel in hue.fleet if not vessel.is_cargo]
    silent = np.sum([~state.on_air for state in states], axis=0)
    assert silent.min() >= 2
    assert silent.max() <= 6
    failing = [vessel for vessel in hue.fleet if vessel.failing is not None]
    hours = np.arange(NOW - 16 * DAY, NOW, 3600.0)
    heard = [np.flatnonzero(hue.voyages.state(vessel, hours).on_air) for vessel in failing]
    days_lost = [(len(hours) - int(found.max())) / 24 if len(found) else 16.0 for found in heard]
    assert sum(days > 10 for days in days_lost) >= 1
    assert sum(0.25 < days <= 10 for days in days_lost) >= 1


def test_the_stream_has_the_pace_of_a_real_one(hue: Town) -> None:
    assert hue.radio is not None
    heard = list(hue.radio.heard(NOW, NOW + 120, LIVE))
    assert 15 < len(heard) / 120 < 45
    stations = [{item.message for item in heard if item.receiver == n} for n in (0, 1)]
    both = stations[0] & stations[1]
    assert 0 < len(both) < 0.2 * len(stations[0] | stations[1])


def test_spans_join_without_a_seam(hue: Town) -> None:
    assert hue.radio is not None
    whole = sorted(hue.radio.heard(NOW, NOW + 60, LIVE), key=lambda item: (item.t, item.message, item.receiver))
    parts = [item for start in range(0, 60, 15) for item in hue.radio.heard(NOW + start, NOW + start + 15, LIVE)]
    assert sorted(parts, key=lambda item: (item.t, item.message, item.receiver)) == whole


def test_no_good_set_at_sea_is_lost_in_a_recording(hue: Town) -> None:
    """Six hours without a fix is a case for the duty desk: only the failing sets may make one."""
    assert hue.radio is not None
    fleet = [vessel for vessel in hue.fleet if vessel.failing is None and not vessel.is_cargo][::4]
    radio = type(hue.radio)(1, fleet, hue.voyages, hue.receivers)
    last: dict[int, float] = {}
    worst = 0.0
    for item in sorted(radio.heard(NOW - 2 * DAY, NOW, replace(RECORDED, static_s=1e9)), key=lambda item: item.t):
        mmsi = decode(nmea.sentences(item.message, item.t, "TEST")[0].split("\\")[2]).mmsi
        worst = max(worst, item.t - last.get(mmsi, item.t))
        last[mmsi] = item.t
    assert len(last) == len(fleet)
    assert worst < 6 * 3600


def test_boats_fish_in_the_zone_of_their_length_but_for_a_few(hue: Town) -> None:
    """An alarm for dozens of boats on a calm day would be the simulator's, not the sea's."""
    times = np.arange(NOW - 3 * DAY, NOW, 7200.0)
    told = {"right": 0, "wrong": 0}
    for vessel in (vessel for vessel in hue.fleet if not vessel.is_cargo):
        state = hue.voyages.state(vessel, times)
        fishing = np.isin(state.status, (FISHING, ANCHORED))
        found = sea_zone.zones(state.lon[fishing], state.lat[fishing], 1.0).dropna()
        right = int((found == grounds.zone(vessel.length_m)).sum())
        told["right"] += right
        told["wrong"] += len(found) - right
    assert 0 < told["wrong"] < 0.03 * told["right"], told
