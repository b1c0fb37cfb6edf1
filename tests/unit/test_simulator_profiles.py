"""The profiles: every city has one that can be lived in, in words that the rest of the project knows."""

from __future__ import annotations

import pytest

from geodata.city import cities, city
from geodata.stations import stations
from sources.simulator.errors import FeedUnknown
from sources.simulator.feed import sources, unbound
from sources.simulator.profile import profile
from sources.simulator.town import Town, landing_place


@pytest.mark.parametrize("name", sorted(cities()))
def test_every_city_has_a_profile_of_its_own_services(name: str) -> None:
    town = Town(city(name), 1)
    found = unbound(town)
    assert [binding.id for binding in found] == sources(town)
    assert len({binding.id for binding in found}) == len(found)
    assert {binding.service for binding in found} <= set(city(name).services)
    assert "field_reports" in {binding.service for binding in found}
    assert all(len(receiver.station) <= 15 for receiver in town.profile.receivers)


@pytest.mark.parametrize("name", sorted(cities()))
def test_places_lie_in_or_near_the_city(name: str) -> None:
    west, south, east, north = city(name).bounds
    made = profile(name)
    places = [(station.lon, station.lat) for station in made.air]
    places += [(gauge.lon, gauge.lat) for gauge in made.water]
    places += [(receiver.lon, receiver.lat) for receiver in made.receivers]
    places += [landing_place(landing) for landing in made.landings]
    for lon, lat in places:
        assert west - 1 < lon < east + 1
        assert south - 1 < lat < north + 1


@pytest.mark.parametrize("name", sorted(cities()))
def test_alarm_levels_are_those_of_the_station_list(name: str) -> None:
    known = {station.id: station for station in stations().values()}
    for gauge in profile(name).water:
        if gauge.code in known and known[gauge.code].bd1 is not None:
            assert gauge.bd1 == known[gauge.code].bd1, gauge.code


def test_shares_of_the_fleet_are_whole() -> None:
    for name in cities():
        landings = profile(name).landings
        assert not landings or abs(sum(landing.share for landing in landings) - 1) < 1e-9


def test_hue_is_as_large_as_it_should_be() -> None:
    made = profile("hue")
    assert (made.vessels, made.reports_per_day, len(made.air), len(made.water)) == (400, 100, 9, 12)
    assert [receiver.title_vi for receiver in made.receivers] == ["AIS Thuận An (mô phỏng)", "AIS Chân Mây (mô phỏng)"]


def test_a_town_may_have_some_of_its_feeds() -> None:
    town = Town(city("hue"), 1, only=frozenset({"ais", "sensorthings"}))
    assert sources(town) == ["ais_thuan_an", "ais_chan_may", "simulated_air", "simulated_water"]
    with pytest.raises(FeedUnknown, match=r"no simulated feed 'trains'; there are .*ais"):
        sources(Town(city("hue"), 1, only=frozenset({"trains"})))
