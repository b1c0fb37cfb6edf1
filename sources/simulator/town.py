"""A simulated city: its vessels, reports and stations, from a seed. The same seed is the same city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from geodata.city import City
from geodata.geography import collection
from sources.simulator.fleet import Vessel, fleet
from sources.simulator.profile import Landing, Profile, Receiver, profile
from sources.simulator.radio import Radio
from sources.simulator.report_intake import Desk
from sources.simulator.report_life import Office
from sources.simulator.things import Station, air_stations, water_stations
from sources.simulator.voyages import Voyages
from sources.simulator.water import LonLat, Waters, channel


@dataclass
class Town:
    """Parts are made when first asked for; a city without a service has no part for it."""

    city: City
    seed: int

    @cached_property
    def profile(self) -> Profile:
        return profile(self.city.id)

    @cached_property
    def receivers(self) -> Sequence[Receiver]:
        return self.profile.receivers if "fishing_vessels" in self.city.services else ()

    @cached_property
    def fleet(self) -> tuple[Vessel, ...]:
        return fleet(self.seed, self.profile)

    @cached_property
    def voyages(self) -> Voyages:
        """Raises NoWater when a landing place of the profile has no way to the sea."""
        places = [landing_place(landing) for landing in self.profile.landings]
        waters = Waters(tuple(places))
        named = zip(self.profile.landings, places, strict=True)
        return Voyages(self.seed, waters, [channel(waters, landing.name, place) for landing, place in named])

    @cached_property
    def radio(self) -> Radio | None:
        return Radio(self.seed, self.fleet, self.voyages, self.receivers) if self.receivers else None

    @cached_property
    def office(self) -> Office | None:
        if "field_reports" not in self.city.services:
            return None
        return Office(self.seed, Desk(self.seed, self.city, self.profile))

    @cached_property
    def air(self) -> tuple[Station, ...]:
        return air_stations(self.profile, self.seed) if "air_quality" in self.city.services else ()

    @cached_property
    def water(self) -> tuple[Station, ...]:
        return water_stations(self.profile, self.seed) if "hydrology" in self.city.services else ()


def landing_place(landing: Landing) -> LonLat:
    """Of the collection ``landings``, or the profile's own where that has none of this id."""
    frame = collection("landings")
    found = frame[frame["id"] == landing.id].geometry
    if len(found):
        return float(found.iloc[0].x), float(found.iloc[0].y)
    assert landing.lon is not None
    assert landing.lat is not None
    return landing.lon, landing.lat
