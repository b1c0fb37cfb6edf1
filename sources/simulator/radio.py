"""What the shore stations hear: who sends when, and how far it carries. A pure function of the seed and the span."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.simulator import nmea
from sources.simulator.fleet import Equipment, Vessel
from sources.simulator.nmea import Fix
from sources.simulator.noise import Floats, key, uniform
from sources.simulator.profile import Receiver
from sources.simulator.track import MOORED
from sources.simulator.voyages import State, Voyages
from sources.simulator.water import METRES_PER_DEGREE

SECOND_HEARS = 0.06
"""Of what the nearer station hears, what the other does too: hills shadow most of its neighbour's sea."""

FADE_KM = 18.0
FAINTEST = 0.35
LONG_RANGE_KM = 80.0
"""Class A sets this far from the nearest station are heard by type 27."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between a vessel's reports: under way by class, moored every ``moored``-th of them, and static data."""

    class_a_s: float
    class_b_s: float
    moored: int
    static_s: float

    def stretched(self, factor: float) -> Pace:
        return Pace(self.class_a_s * factor, self.class_b_s * factor, self.moored, self.static_s * factor)


LIVE = Pace(class_a_s=7.0, class_b_s=11.0, moored=7, static_s=360.0)
RECORDED = Pace(class_a_s=960.0, class_b_s=1020.0, moored=3, static_s=43_200.0)
"""A thinned reception for a history of days: a fix every 16 min at sea, every 50 in port."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message at a shore station: epoch s, index of the receiver, payload and fill bits."""

    t: float
    receiver: int
    message: tuple[str, int]


class Radio:
    """Everything on the air between two instants."""

    def __init__(self, seed: int, fleet: Sequence[Vessel], voyages: Voyages, receivers: Sequence[Receiver]) -> None:
        self.seed, self.fleet, self.voyages, self.receivers = seed, fleet, voyages, receivers
        index = np.arange(len(fleet))
        self._phase = uniform(seed, key("phase"), index) if len(fleet) else index.astype(np.float64)
        self._is_a = np.array([vessel.equipment is Equipment.CLASS_A for vessel in fleet], dtype=np.bool_)

    def heard(self, start: float, end: float, pace: Pace) -> Iterator[Heard]:
        """Every message with start < t ≤ end, vessel by vessel: not in the order of time."""
        every = np.where(self._is_a, pace.class_a_s, pace.class_b_s)
        for vessel, times, slots in self._sending(start, end, every, self._phase):
            yield from self._fixes(vessel, times, slots, pace)
        shifted = (self._phase * 7.31) % 1
        for vessel, times, slots in self._sending(start, end, np.full(len(self.fleet), pace.static_s), shifted):
            yield from self._statics(vessel, times, slots)

    def _sending(
        self, start: float, end: float, every: Floats, phase: Floats
    ) -> Iterator[tuple[Vessel, Floats, NDArray[np.int64]]]:
        first = np.floor(start / every - phase).astype(np.int64) + 1
        last = np.floor(end / every - phase).astype(np.int64)
        for index in np.flatnonzero(last >= first).tolist():
            slots = np.arange(first[index], last[index] + 1)
            times = np.asarray((slots + phase[index]) * every[index], dtype=np.float64)
            yield self.fleet[index], times, slots

    def _fixes(self, vessel: Vessel, times: Floats, slots: NDArray[np.int64], pace: Pace) -> Iterator[Heard]:
        state = self.voyages.state(vessel, times)
        sends = state.on_air & ((state.status != MOORED) | (slots % pace.moored == 0))
        far, stations = self._reception(vessel, slots, state)
        chosen = np.flatnonzero(sends & stations.any(axis=1))
        reached = stations[chosen].tolist()
        for fix, km, heard in zip(_fixes(times, state, chosen), far[chosen].tolist(), reached, strict=True):
            message = _report(vessel, fix, far_away=km > LONG_RANGE_KM)
            for receiver, hears in enumerate(heard):
                if hears:
                    yield Heard(fix.t, receiver, message)

    def _statics(self, vessel: Vessel, times: Floats, slots: NDArray[np.int64]) -> Iterator[Heard]:
        state = self.voyages.state(vessel, times)
        _, stations = self._reception(vessel, slots, state)
        chosen = np.flatnonzero(state.on_air & stations.any(axis=1))
        always = None if vessel.equipment is Equipment.CLASS_B_EXTENDED else _static(vessel, None)
        for fix, heard in zip(_fixes(times, state, chosen), stations[chosen].tolist(), strict=True):
            messages = always or _static(vessel, fix)
            for receiver, hears in enumerate(heard):
                if hears:
                    yield from (Heard(fix.t, receiver, message) for message in messages)

    def _reception(self, vessel: Vessel, slots: NDArray[np.int64], state: State) -> tuple[Floats, NDArray[np.bool_]]:
        """Kilometres to the nearest station, and which stations hear each message (rows: messages)."""
        scale = np.cos(np.radians(state.lat))[:, None]
        lons = np.array([receiver.lon for receiver in self.receivers])
        lats = np.array([receiver.lat for receiver in self.receivers])
        ranges = np.array([receiver.range_km for receiver in self.receivers])
        east, north = (state.lon[:, None] - lons) * scale, state.lat[:, None] - lats
        km = np.hypot(east, north) * METRES_PER_DEGREE / 1000
        carries = np.maximum(1 / (1 + np.exp((km - ranges) / FADE_KM)), FAINTEST)
        nearest = km.argmin(axis=1)
        is_nearest = np.arange(len(self.receivers)) == nearest[:, None]
        roll = uniform(self.seed, key("air"), vessel.index, slots[:, None], np.arange(len(self.receivers)))
        heard = roll < np.where(is_nearest, carries, carries * SECOND_HEARS)
        return np.asarray(km.min(axis=1)), np.asarray(heard)


def _fixes(times: Floats, state: State, chosen: NDArray[np.int64]) -> Iterator[Fix]:
    columns = (times, state.lon, state.lat, state.sog_kn, state.cog_deg, state.status)
    return itertools.starmap(Fix, zip(*(column[chosen].tolist() for column in columns), strict=True))


def _report(vessel: Vessel, fix: Fix, *, far_away: bool) -> tuple[str, int]:
    if vessel.equipment is not Equipment.CLASS_A:
        return nmea.class_b(vessel.mmsi, fix)
    return nmea.long_range(vessel.mmsi, fix) if far_away else nmea.class_a(vessel.mmsi, fix)


def _static(vessel: Vessel, fix: Fix | None) -> tuple[tuple[str, int], ...]:
    """What a set says of its vessel; only an extended class B says with it where it is."""
    if vessel.equipment is Equipment.CLASS_A:
        return (nmea.voyage(vessel.static),)
    if fix is not None and vessel.equipment is Equipment.CLASS_B_EXTENDED:
        return (nmea.class_b_extended(vessel.static, fix),)
    return (nmea.static_a(vessel.static), nmea.static_b(vessel.static))
