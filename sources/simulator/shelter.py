"""What a storm makes of a trip: a boat in port stays there, one at sea runs for the nearest port until it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sources.simulator.fishing import Leg
from sources.simulator.fleet import Vessel
from sources.simulator.noise import dice
from sources.simulator.spell import Spell
from sources.simulator.track import HARBOUR_KN, UNDERWAY, Track, track
from sources.simulator.water import Channel, LonLat, Waters, distance_m

HEARD_S = 2.5 * 3600.0
"""Within so long of the warning every boat has turned."""

HASTE = 1.15
NEARER = 0.7
"""A boat runs for another port than its own when that is so much nearer."""


@dataclass(frozen=True)
class Shelter:
    """The ports of a fleet in a storm. ``berths`` gives each vessel's own place."""

    seed: int
    spell: Spell
    waters: Waters
    channels: Sequence[Channel]

    def changed(self, vessel: Vessel, berth: LonLat, trip: Track) -> Track | None:
        """The trip as the storm leaves it; None when the boat stays in port."""
        warned, over = self.spell.span()
        start, end = float(trip.t[0]), float(trip.t[-1])
        if end <= warned or start >= over:
            return trip
        if start >= warned:
            return None
        roll = dice(self.seed, "shelter", vessel.index)
        turned = min(warned + roll.uniform(0.1, 1) * HEARD_S, end)
        way_home = len(self.channels[vessel.port].path) + 1
        if turned <= start or turned >= float(trip.t[-way_home - 1]):
            return trip  # on its way in already
        return self._sheltered(vessel, berth, trip, (turned, over + roll.uniform(0.2, 3) * 3600))

    def _sheltered(self, vessel: Vessel, berth: LonLat, trip: Track, span: tuple[float, float]) -> Track | None:
        """To the nearest port that can be reached over water; where none can, back the way it came."""
        turned, over = span
        index = int(np.searchsorted(trip.t, turned, side="right")) - 1
        here = (float(np.interp(turned, trip.t, trip.lon)), float(np.interp(turned, trip.t, trip.lat)))
        been = Track(trip.t[: index + 1], trip.lon[: index + 1], trip.lat[: index + 1], trip.doing[: index + 1])
        own = self.channels[vessel.port]
        for port in self._ports(vessel, here):
            channel = self.channels[port]
            if not self.waters.is_free([here, channel.mouth]):
                continue
            away = _run(vessel, turned, [here, *reversed(channel.path)], 0)
            if port == vessel.port:
                return _joined(been, away, _run(vessel, float(away.t[-1]), [channel.landing, berth], -1))
            if vessel.long_trips and self.waters.is_free([channel.mouth, own.mouth]):
                back = [*channel.path, *reversed(own.path), berth]
                return _joined(been, away, _run(vessel, max(over, float(away.t[-1])), back, len(channel.path) - 1))
        way = list(zip(been.lon.tolist(), been.lat.tolist(), strict=True))
        return _joined(been, _run(vessel, turned, [here, *reversed(way)], -1))

    def _ports(self, vessel: Vessel, here: LonLat) -> list[int]:
        """Ports in the order in which the boat would choose them; its own counts as nearer than it is."""
        far: Mapping[int, float] = {n: distance_m(here, channel.mouth) for n, channel in enumerate(self.channels)}
        return sorted(far, key=lambda n: far[n] * (NEARER if n == vessel.port else 1.0))


def _run(vessel: Vessel, start: float, places: Sequence[LonLat], fast: int) -> Track:
    """Through these places; the leg of number ``fast`` is open sea and sailed as fast as the boat can."""
    legs = [
        Leg(place, vessel.cruise_kn * HASTE if number == fast else HARBOUR_KN, UNDERWAY)
        for number, place in enumerate(places[1:])
    ]
    return track(start, places[0], legs)


def _joined(*tracks: Track) -> Track:
    """One after the other; between two the boat is moored."""
    return Track(
        np.concatenate([one.t for one in tracks]),
        np.concatenate([one.lon for one in tracks]),
        np.concatenate([one.lat for one in tracks]),
        np.concatenate([one.doing for one in tracks]),
    )
