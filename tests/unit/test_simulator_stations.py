"""Air and water: plausible, calm, and the same in any order."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.catalogue import service
from geodata.city import city
from sources.simulator.noise import dice, key, smooth, uniform
from sources.simulator.things import Station
from sources.simulator.town import Town

NOW = 1795222800.0
DAY = 86400.0


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(city("hue"), 1)


def results(station: Station, name: str, days: float = 14) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    stream = next(stream for stream in station.datastreams if stream.measured.id == name)
    rows = stream.observations(*stream.slots(NOW - days * DAY, NOW, NOW))
    return np.array([row["result"] for row in rows if row["result"] is not None], dtype=np.float64)


def test_nine_air_and_twelve_water_stations(town: Town) -> None:
    assert (len(town.air), len(town.water)) == (9, 12)
    assert {"Trạm thủy văn Kim Long", "Trạm thủy văn Phú Ốc"} <= {station.name for station in town.water}


def test_results_are_plausible_to_the_catalogue(town: Town) -> None:
    for name, stations in (("air_quality", town.air), ("hydrology", town.water)):
        for station in stations:
            for stream in station.datastreams:
                known = service(name).observed_property(stream.measured.id)
                assert known is not None, stream.measured
                found = results(station, stream.measured.id, 3)
                assert known.minimum is None or found.min() >= known.minimum
                assert known.maximum is None or found.max() <= known.maximum


def test_the_air_is_mostly_good_or_moderate(town: Town) -> None:
    everywhere = np.concatenate([results(station, "pm25") for station in town.air])
    assert np.mean(everywhere < 50) > 0.97
    assert 8 < everywhere.mean() < 30


def test_rivers_move_with_the_tide_and_stay_below_the_first_alarm(town: Town) -> None:
    for station in town.water:
        level = results(station, "water_level")
        alarm = station.properties.get("bd1")
        assert level.max() > level.min()
        assert not isinstance(alarm, float) or level.max() < alarm


def test_device_states_have_calibration_windows(town: Town) -> None:
    states = [
        row["resultQuality"]
        for station in town.air
        for stream in station.datastreams
        for row in stream.observations(*stream.slots(NOW - 14 * DAY, NOW, NOW))
    ]
    assert set(states) == {"00", "01", "02"}
    assert states.count("00") > 0.95 * len(states)


def test_an_observation_is_the_same_alone_and_among_others(town: Town) -> None:
    for station in (town.air[2], town.water[0]):
        for stream in station.datastreams:
            first, last = stream.slots(NOW - 2 * DAY, NOW, NOW)
            many = stream.observations(first, last)
            assert stream.observations(last, last) == many[-1:]
            assert stream.observations(first + 5, first + 9) == many[5:10]
            number = many[-1]["@iot.id"]
            assert isinstance(number, int)
            assert NOW - stream.cadence_s - stream.delay_s < stream.time(number) <= NOW - stream.delay_s


def test_chance_is_even_and_keyed() -> None:
    drawn = uniform(3, np.arange(20_000))
    assert 0.49 < drawn.mean() < 0.51
    assert uniform(3, 17)[0] == drawn[17]
    assert uniform(4, 17)[0] != drawn[17]
    assert dice(1, "a").random() == dice(1, "a").random() != dice(1, "b").random()
    eased = smooth(3, key("x"), np.linspace(0, 1e5, 2000), 3600.0)
    assert np.abs(np.diff(eased)).max() < 0.1
