"""A simulated city: its vessels, reports and stations, from a seed. The same seed is the same city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel

from geodata.city import City
from geodata.geography import collection
from sources.simulator.fleet import Vessel, fleet
from sources.simulator.noise import Floats
from sources.simulator.profile import Landing, Profile, Receiver, part_of_profile, profile
from sources.simulator.radio import Radio
from sources.simulator.report_intake import Desk
from sources.simulator.report_life import Office
from sources.simulator.scenario import CALM, Scenario
from sources.simulator.spell import Spell, spell
from sources.simulator.things import Station, air_stations, water_stations
from sources.simulator.voyages import Voyages
from sources.simulator.water import LonLat, Waters, channel

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass
class Town:
    """Parts are made when first asked for; a city without a service has no part for it.

    ``begun`` is the instant (epoch s) at which the scenario began; ``only`` the names of its feeds,
    None for all.
    """

    city: City
    seed: int
    scenario: Scenario = CALM
    begun: float = 0.0
    only: frozenset[str] | None = None
    _parts: dict[Callable[[Town], Any], Any] = field(default_factory=dict, repr=False)

    def runs(self, service: str) -> bool:
        """Whether the simulated city has feeds for the service."""
        return service in self.city.services and service not in self.profile.unconnected

    def bare(self) -> Town:
        """The same town without what was made of it: what another process makes by itself."""
        return Town(self.city, self.seed, self.scenario, self.begun, self.only)

    def part(self, make: Callable[[Town], T]) -> T:
        """What ``make`` makes of this town, made once: how a feed keeps its own cast of the city."""
        if make not in self._parts:
            self._parts[make] = make(self)
        found: T = self._parts[make]
        return found

    def data(self, name: str, model: type[M]) -> M | None:
        """The file ``profiles/NAME/CITY.toml`` of one feed; None where the city has none. Raises ConfigInvalid."""
        return part_of_profile(name, self.city.id, model)

    def severity(self, t: ArrayLike) -> Floats:
        """How hard the scenario's storm is at these instants (epoch s): 0…1, always an array of at least one."""
        return self.scenario.severity(np.asarray(t, dtype=np.float64) - self.begun)

    @cached_property
    def spell(self) -> Spell | None:
        """The scenario's storm at its instant, if it has one."""
        return spell(self.scenario, self.begun)

    @cached_property
    def profile(self) -> Profile:
        return profile(self.city.id)

    @cached_property
    def receivers(self) -> Sequence[Receiver]:
        return self.profile.receivers if self.runs("fishing_vessels") else ()

    @cached_property
    def fleet(self) -> tuple[Vessel, ...]:
        return fleet(self.seed, self.profile)

    @cached_property
    def voyages(self) -> Voyages:
        """Raises NoWater when a landing place of the profile has no way to the sea."""
        places = [landing_place(landing) for landing in self.profile.landings]
        waters = Waters(tuple(places))
        named = zip(self.profile.landings, places, strict=True)
        return Voyages(
            self.seed, waters, [channel(waters, landing.name, place) for landing, place in named], self.spell
        )

    @cached_property
    def radio(self) -> Radio | None:
        return Radio(self.seed, self.fleet, self.voyages, self.receivers) if self.receivers else None

    @cached_property
    def office(self) -> Office | None:
        if not self.runs("field_reports"):
            return None
        return Office(self.seed, Desk(self.seed, self.city, self.profile, self.spell))

    @cached_property
    def air(self) -> tuple[Station, ...]:
        return air_stations(self.profile, self.seed, self.spell) if self.runs("air_quality") else ()

    @cached_property
    def water(self) -> tuple[Station, ...]:
        return water_stations(self.profile, self.seed, self.spell) if self.runs("hydrology") else ()


def landing_place(landing: Landing) -> LonLat:
    """Of the collection ``landings``, or the profile's own where that has none of this id."""
    frame = collection("landings")
    found = frame[frame["id"] == landing.id].geometry
    if len(found):
        return float(found.iloc[0].x), float(found.iloc[0].y)
    assert landing.lon is not None
    assert landing.lat is not None
    return landing.lon, landing.lat
