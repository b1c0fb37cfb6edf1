"""Where each vessel is at any time: a pure function of (seed, vessel, time), made of trips from its berth and back.

Time is cut into slots of one vessel's habit (a night, some days); a trip lies within its slot, so that any slot can
be made without the ones before. Between waypoints a vessel moves straight at constant speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.fishing import KN_M_S, Leg, legs
from sources.simulator.fleet import FAILING, Gear, Vessel
from sources.simulator.grounds import STRAYS, Grounds, zone
from sources.simulator.noise import Floats, dice
from sources.simulator.shelter import Shelter
from sources.simulator.spell import Spell
from sources.simulator.track import HARBOUR_KN, MOORED, UNDERWAY, Track, duration, track
from sources.simulator.water import (
    METRES_PER_DEGREE,
    Channel,
    LonLat,
    Waters,
    bearing_deg,
    distance_m,
    offset,
)

_TRIES = 12
_REMEMBERED = 4000


@dataclass(frozen=True, slots=True)
class State:
    """Vectors over the asked times. ``on_air`` is False where the vessel's set sends nothing."""

    lon: Floats
    lat: Floats
    sog_kn: Floats
    cog_deg: Floats
    status: NDArray[np.int64]
    on_air: NDArray[np.bool_]


@dataclass
class Voyages:
    """The trips of a fleet in the waters of its ports. ``channels`` in the order of the landing places.

    In a storm fishing boats run for shelter; the trips before it and after it are those of a calm city.
    """

    seed: int
    waters: Waters
    channels: Sequence[Channel]
    spell: Spell | None = None
    _fans: list[dict[int, float]] = field(init=False)
    _grounds: Grounds = field(init=False)
    _trips: dict[tuple[int, int], Track | None] = field(default_factory=dict, init=False)
    _tracks: dict[int, tuple[int, int, Track]] = field(default_factory=dict, init=False)
    _berths: dict[int, LonLat] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._fans = [self.waters.fan(channel.mouth) for channel in self.channels]
        self._grounds = Grounds(self.channels, self._fans)

    def state(self, vessel: Vessel, times: Floats) -> State:
        """Where the vessel is and what it does at these epoch seconds, which need not be in order."""
        way = self._track(vessel, slot(vessel, float(times.min())), slot(vessel, float(times.max())))
        index = np.clip(np.searchsorted(way.t, times, side="right") - 1, 0, len(way.t) - 2)
        lon, lat = np.interp(times, way.t, way.lon), np.interp(times, way.t, way.lat)
        north = np.diff(way.lat) * METRES_PER_DEGREE
        east = np.diff(way.lon) * METRES_PER_DEGREE * np.cos(np.radians(way.lat[:-1]))
        speed = np.hypot(north, east) / np.maximum(np.diff(way.t), 1e-6) / KN_M_S
        course = np.degrees(np.arctan2(east, north)) % 360
        inside = (times >= way.t[0]) & (times < way.t[-1])
        status = np.where(inside, way.doing[index], MOORED)
        at_sea = status != MOORED
        on_air = at_sea if vessel.is_cargo else ~silent(vessel, times, lambda t: self._at_sea(vessel, t))
        return State(
            lon=lon,
            lat=lat,
            sog_kn=np.where(at_sea, speed[index], 0.0),
            cog_deg=np.where(at_sea, course[index], 0.0),
            status=status,
            on_air=on_air,
        )

    def _track(self, vessel: Vessel, first: int, last: int) -> Track:
        """The trips of these slots and their neighbours as one; the last asked for is kept, as a live city needs it."""
        known = self._tracks.get(vessel.index)
        if known is None or known[:2] != (first, last):
            trips = [trip for k in range(first - 1, last + 2) if (trip := self.trip(vessel, k)) is not None]
            before = local_midnight((first - 1) * vessel.slot_days - 1)
            known = (first, last, _joined(trips, self.berth(vessel), before))
            self._tracks[vessel.index] = known
        return known[2]

    def _at_sea(self, vessel: Vessel, t: float) -> float:
        """The middle of a trip near t: when a set that fails does so at sea."""
        k = slot(vessel, t)
        trips = (self._planned(vessel, k + step) for step in (0, 1, -1, 2))
        trip = next((trip for trip in trips if trip is not None), None)
        return t if trip is None else float((trip.t[0] + trip.t[-1]) / 2)

    def berth(self, vessel: Vessel) -> LonLat:
        """The vessel's own place near its landing, with open water to the way out."""
        if vessel.index not in self._berths:
            channel = self.channels[vessel.port]
            roll = dice(self.seed, "berth", vessel.index)
            place = channel.landing
            for attempt in range(_TRIES):
                reach = 700 / (1 + attempt / 3)
                other = offset(channel.landing, roll.uniform(0, 360), reach * roll.random() ** 0.5)
                if self.waters.is_free([channel.landing, other]):
                    place = other
                    break
            self._berths[vessel.index] = place
        return self._berths[vessel.index]

    def trip(self, vessel: Vessel, k: int) -> Track | None:
        """The trip of slot k, None when the vessel stays in port."""
        planned = self._planned(vessel, k)
        if self.spell is None or planned is None or vessel.is_cargo:
            return planned
        shelter = Shelter(self.seed, self.spell, self.waters, self.channels)
        return shelter.changed(vessel, self.berth(vessel), planned)

    def _planned(self, vessel: Vessel, k: int) -> Track | None:
        """The trip of slot k as it is in calm weather."""
        known = (vessel.index, k)
        if known not in self._trips:
            if len(self._trips) > _REMEMBERED:
                self._trips.clear()
            self._trips[known] = (
                self._lane(vessel, k) if vessel.gear is None else self._fishing_trip(vessel, vessel.gear, k)
            )
        return self._trips[known]

    def _fishing_trip(self, vessel: Vessel, gear: Gear, k: int) -> Track | None:
        roll = dice(self.seed, "trip", vessel.index, k)
        stays = roll.random() > (0.93 if vessel.long_trips else 0.78)
        if stays:
            return None
        start, end = times_of_trip(self.seed, vessel, k)
        for attempt in range(_TRIES):
            reach = (end - start) * KN_M_S * vessel.cruise_kn * 0.3
            found = self._attempt(vessel, gear, (k, attempt), (start, end), reach)
            if found is not None:
                return found
        return None

    def _attempt(
        self, vessel: Vessel, gear: Gear, number: tuple[int, int], span: tuple[float, float], reach: float
    ) -> Track | None:
        """A trip to a ground drawn by chance, None when it would touch land."""
        roll = dice(self.seed, "ground", vessel.index, *number)
        start, end = span
        channel = self.channels[vessel.port]
        radius = roll.uniform(4_000, 9_000) if vessel.long_trips else roll.uniform(1_500, 3_000)
        strays = dice(self.seed, "strays", vessel.index, number[0]).random() < STRAYS
        found = self._grounds.bearings(vessel.port, None if strays else zone(vessel.length_m), radius)
        seen = [bearing for bearing, far in found.items() if far[0] <= reach]
        if not seen:
            return None
        bearing = roll.choice(seen)
        wanted = roll.choice([far for far in found[bearing] if far <= reach])
        ground = offset(channel.mouth, bearing + roll.uniform(-2, 2), wanted)
        bend = offset(channel.mouth, bearing_deg(channel.mouth, ground) + roll.gauss(0, 2.5), wanted * 0.5)
        out = [self.berth(vessel), *channel.path, bend, ground]
        if not (self.waters.is_free(out) and self.waters.is_free_around(ground, radius)):
            return None
        cruise, harbour = vessel.cruise_kn, len(channel.path)
        way_out = [Leg(place, HARBOUR_KN if i < harbour else cruise, UNDERWAY) for i, place in enumerate(out[1:])]
        home_s = sum(distance_m(a, b) / KN_M_S / cruise for a, b in pairwise(out)) * 1.25 + 900
        there = start + duration(out[0], way_out)
        work = legs(roll, gear, ground, radius, end - home_s - there)
        back_places = [*reversed(channel.path), self.berth(vessel)]
        way_back = [Leg(place, HARBOUR_KN if i else cruise, UNDERWAY) for i, place in enumerate(back_places)]
        last = work[-1].place if work else ground
        if not self.waters.is_free([last, channel.mouth]):
            return None
        return track(start, out[0], [*way_out, *work, *way_back])

    def _lane(self, vessel: Vessel, k: int) -> Track | None:
        """A cargo ship passing along the coast, one way in even slots and the other in odd ones."""
        roll = dice(self.seed, "lane", vessel.index, k)
        channel, fan = self.channels[vessel.port], self._fans[vessel.port]
        seaward = min(fan, key=lambda bearing: (-fan[bearing], abs(bearing - 60)))
        start = local_midnight(0) + (k + roll.uniform(0.05, 0.4)) * vessel.slot_days * DAY_S
        for far in (45_000, 60_000, 80_000, 100_000):
            middle = offset(channel.mouth, seaward, far + roll.uniform(0, 15_000))
            along = seaward + (90 if k % 2 else -90)
            ends = [offset(middle, along, -110_000), middle, offset(middle, along, 110_000)]
            if self.waters.is_free(ends):
                return track(start, ends[0], [Leg(place, vessel.cruise_kn, UNDERWAY) for place in ends[1:]])
        return None


def slot(vessel: Vessel, t: float) -> int:
    """The slot that holds t; slots begin at local noon, cargo ships' at midnight."""
    noon = 0.0 if vessel.is_cargo else DAY_S / 2
    days = vessel.slot_days
    phase = vessel.index % days
    return (local_day(t - noon) + phase) // days


def times_of_trip(seed: int, vessel: Vessel, k: int) -> tuple[float, float]:
    """Departure and return in epoch s: small boats leave in the evening or before dawn and are back next morning."""
    roll = dice(seed, "times", vessel.index, k)
    days = vessel.slot_days
    noon = local_midnight(k * days - vessel.index % days) + DAY_S / 2
    hour = 3600.0
    if vessel.long_trips:
        away = days - roll.choice([0, 1] if days > 4 else [0])
        return noon + roll.uniform(1.5, 7) * hour, noon + away * DAY_S - roll.uniform(4, 9.5) * hour
    if vessel.evening:
        return noon + roll.uniform(3.5, 7.5) * hour, noon + roll.uniform(16, 20.5) * hour
    return noon + roll.uniform(13, 15.5) * hour, noon + roll.uniform(20.5, 23.7) * hour


SILENCE_ROUND_S = 16 * DAY_S
ON_AIR_S = 1.8 * DAY_S


def silent(vessel: Vessel, times: Floats, at_sea: Callable[[float], float]) -> NDArray[np.bool_]:
    """Where a failing set says nothing. The sets fail by turns, each once in a round, in the middle of a trip."""
    nothing: NDArray[np.bool_] = np.zeros(times.shape, dtype=np.bool_)
    if vessel.failing is None:
        return nothing
    shift = vessel.failing * SILENCE_ROUND_S / FAILING
    first, last = ((float(t) + shift) // SILENCE_ROUND_S for t in (times.min(), times.max()))
    for number in range(int(first) - 1, int(last) + 1):
        begin = number * SILENCE_ROUND_S - shift
        nothing |= (times >= at_sea(begin + ON_AIR_S)) & (times < begin + SILENCE_ROUND_S)
    return nothing


def _joined(trips: Sequence[Track], berth: LonLat, before: float) -> Track:
    """Trips in order as one track, at the berth before the first."""
    kept: list[Track] = []
    for trip in trips:
        if not kept or trip.t[0] > kept[-1].t[-1]:
            kept.append(trip)
    start = min([before, *(trip.t[0] for trip in kept)]) - 1.0
    rest = Track(np.array([start, start + 0.5]), np.full(2, berth[0]), np.full(2, berth[1]), np.full(2, MOORED))
    parts = [rest, *kept]
    return Track(
        np.concatenate([part.t for part in parts]),
        np.concatenate([part.lon for part in parts]),
        np.concatenate([part.lat for part in parts]),
        np.concatenate([part.doing for part in parts]),
    )
