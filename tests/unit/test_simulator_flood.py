"""A flood day: rain, rivers through their alarms, boats in port, reports; and a calm city is as it always was."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from geodata.catalogue import service
from geodata.city import cities, city
from sources.simulator.feeds import ais, open311, sensorthings
from sources.simulator.report_storm import is_of_storm, storm_kinds
from sources.simulator.scenario import scenario
from sources.simulator.things import Station
from sources.simulator.town import Town
from sources.simulator.track import MOORED
from sources.simulator.water import distance_m

NOW = 1795222800.0  # 2026-11-21T01:00:00Z
HOUR, DAY = 3600.0, 86400.0
BEGUN = NOW - 14 * HOUR


@pytest.fixture(scope="module")
def calm() -> Town:
    return Town(city("hue"), 1)


@pytest.fixture(scope="module")
def flood() -> Town:
    return Town(city("hue"), 1, scenario("flood"), BEGUN)


def series(station: Station, name: str, hours: np.ndarray) -> np.ndarray:
    stream = next(stream for stream in station.datastreams if stream.measured.id == name)
    return np.asarray(stream.values(BEGUN + hours * HOUR))


@pytest.mark.parametrize("until", [NOW, BEGUN - 2 * HOUR])
def test_without_a_storm_a_recording_is_byte_for_byte_that_of_a_town_without_scenario(
    until: float, tmp_path: Path
) -> None:
    """A calm scenario at any time, and a flood up to its beginning."""
    day = scenario("calm") if until == NOW else scenario("flood")
    for name, town in (("plain", Town(city("hue"), 5)), ("day", Town(city("hue"), 5, day, BEGUN))):
        (tmp_path / name).mkdir()
        for feed in (ais, open311, sensorthings):
            feed.history(town, tmp_path / name, until - 0.15 * DAY, until)
    files = sorted(path.name for path in (tmp_path / "plain").iterdir())
    assert len(files) == 5
    for file in files:
        assert (tmp_path / "plain" / file).read_bytes() == (tmp_path / "day" / file).read_bytes(), file


def test_rivers_pass_their_alarms_in_order_and_fall_slowly(flood: Town) -> None:
    hours = np.arange(-12, 96, 0.5)
    for code in ("kim_long", "phu_oc"):
        station = next(one for one in flood.water if one.code == code)
        level = series(station, "water_level", hours)
        alarms = [station.properties[name] for name in ("bd1", "bd2", "bd3")]
        passed = [float(hours[level > alarm][0]) for alarm in alarms]
        assert passed == sorted(passed)
        assert 4 < passed[0] < passed[2] < 19
        assert level[hours < 0].max() < float(str(alarms[0]))
        crest = float(hours[level.argmax()])
        assert 17 < crest < 24, "hours after the rain began to be heavy"
        below = hours[(hours > crest) & (level < alarms[1])]
        assert below[0] - crest > 1.5 * (crest - passed[1])


def test_it_rains_unevenly_and_sums_are_plausible_to_the_catalogue(flood: Town, calm: Town) -> None:
    hours = np.arange(0, 48, 1.0)
    most = []
    for station in flood.water:
        for name in ("rain_1h", "rain_24h", "water_level"):
            known, found = service("hydrology").observed_property(name), series(station, name, hours)
            assert known is not None
            assert known.minimum is not None and known.maximum is not None and found.max() < known.maximum  # noqa: PT018
            assert found.min() >= known.minimum
        most.append(float(series(station, "rain_24h", hours).max()))
    assert min(most) > 200, "rất to: more than 100 mm everywhere"
    assert max(most) > 1.25 * min(most)
    assert 300 < np.mean(most) < 600
    air = (flood.air[0], calm.air[0])
    wet, dry = (float(np.mean(series(one, "pm25", np.arange(11, 19)))) for one in air)
    assert wet < 0.6 * dry


@pytest.mark.parametrize("name", ["hue", "quang_tri"])
def test_boats_run_for_port_before_the_storm_and_leave_when_it_is_over(name: str) -> None:
    town = Town(city(name), 1, scenario("flood"), BEGUN)
    fishing = [vessel for vessel in town.fleet if not vessel.is_cargo]
    hours = np.array([-24.0, 12.0, 16.0, 20.0, 72.0])
    at_sea = np.sum([town.voyages.state(vessel, BEGUN + hours * HOUR).status != MOORED for vessel in fishing], axis=0)
    assert at_sea[0] > 100
    assert at_sea[1:4].tolist() == [0, 0, 0]
    assert at_sea[4] > 100
    times = np.arange(BEGUN - 12 * HOUR, BEGUN + 60 * HOUR, 300.0)
    for vessel in fishing[::3]:
        state = town.voyages.state(vessel, times)
        assert town.voyages.waters.is_water(state.lon, state.lat)[state.on_air].all(), vessel
        places = list(zip(state.lon.tolist(), state.lat.tolist(), strict=True))
        assert max(distance_m(a, b) for a, b in pairwise(places)) < 300 * 16 * 0.52


def test_some_boats_shelter_in_another_port_and_come_home(flood: Town) -> None:
    away = 0
    for vessel in flood.fleet:
        berth = flood.voyages.berth(vessel)
        state = flood.voyages.state(vessel, np.array([BEGUN + 16 * HOUR]))
        if not vessel.is_cargo and distance_m(berth, (float(state.lon[0]), float(state.lat[0]))) > 5_000:
            away += 1
            assert vessel.long_trips
    assert away > 1


@pytest.mark.parametrize("name", sorted(cities()))
def test_reports_rise_with_flood_like_kinds(name: str) -> None:
    town = Town(city(name), 1, scenario("flood"), BEGUN)
    assert town.office is not None
    reports = list(town.office.reports(BEGUN - DAY, BEGUN + 2 * DAY, BEGUN + 2 * DAY))
    added = [report for report in reports if is_of_storm(report.intake.number)]
    calm = len(reports) - len(added)
    assert len(added) > 1.2 * calm
    assert len({report.intake.number for report in reports}) == len(reports)
    times = [report.intake.requested for report in reports]
    assert times == sorted(times)
    kinds = Counter(report.intake.kind.code for report in added)
    assert {"thoat_nuoc", "cay_xanh", "dien_luc", "giao_thong"} <= set(kinds)
    assert kinds.most_common(1)[0][0] == "thoat_nuoc"
    texts = " ".join(report.intake.title for report in added)
    assert all(word in texts for word in ("gập", "đổ", "Mất điện", "Sạt lở"))
    some = added[len(added) // 2]
    assert town.office.report(some.intake.number, BEGUN + 2 * DAY) == some
    assert all(a.t <= b.t for report in added for a, b in pairwise(report.stages))


def test_calm_reports_are_the_same_in_a_flood(flood: Town, calm: Town) -> None:
    assert flood.office is not None
    assert calm.office is not None
    in_flood = flood.office.reports(BEGUN - 3 * DAY, BEGUN + DAY, BEGUN + DAY)
    ordinary = [report for report in in_flood if not is_of_storm(report.intake.number)]
    assert ordinary == list(calm.office.reports(BEGUN - 3 * DAY, BEGUN + DAY, BEGUN + DAY))


def test_kinds_of_a_storm_are_known_to_the_catalogue() -> None:
    codes = {code for category in service("field_reports").categories for code in category.codes}
    assert {kind.code for kind in storm_kinds()} <= codes
