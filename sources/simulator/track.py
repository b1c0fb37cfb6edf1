"""Where a vessel was, as waypoints in time; between them it moves straight at constant speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.simulator.fishing import KN_M_S, Leg
from sources.simulator.noise import Floats
from sources.simulator.water import LonLat, distance_m

UNDERWAY, MOORED = 0, 5  # AIS navigational status
HARBOUR_KN = 4.5


@dataclass(frozen=True, slots=True)
class Track:
    """Waypoints: epoch s, degrees; ``doing[i]`` is the navigational status from waypoint i to the next."""

    t: Floats
    lon: Floats
    lat: Floats
    doing: NDArray[np.int64]


def duration(start: LonLat, way: Sequence[Leg]) -> float:
    places = [start, *(leg.place for leg in way)]
    return sum(distance_m(a, b) / KN_M_S / leg.speed_kn for a, b, leg in zip(places, places[1:], way, strict=False))


def track(start: float, berth: LonLat, way: Sequence[Leg]) -> Track:
    times, places = [start], [berth]
    for leg in way:
        times.append(times[-1] + max(distance_m(places[-1], leg.place) / KN_M_S / leg.speed_kn, 1.0))
        places.append(leg.place)
    lon, lat = np.array(places, dtype=np.float64).T
    doing = [leg.status for leg in way]
    return Track(np.array(times), lon, lat, np.array([*doing, MOORED], dtype=np.int64))
