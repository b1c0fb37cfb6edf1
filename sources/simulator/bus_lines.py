"""The bus lines of a city: their ways, stops and timetable, from ``profiles/buses/CITY.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pydantic import BaseModel, ConfigDict

from sources.simulator.noise import Floats
from sources.simulator.water import LonLat, bearing_deg, distance_m

FIRST_H, LAST_H = 5.5, 20.25
"""Local hours between which trips begin; the last bus is back by about 21:00 in town."""

LAYOVER_S = 600.0
STOP_EVERY_M = 520.0
DWELL_S = 18.0
TOWN_M_S, COUNTRY_M_S = 6.4, 10.5
COUNTRY_M = 3000.0
"""Between two named stops farther apart than this a bus runs on an open road."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    name: str
    at: tuple[float, float]


class Line(_Strict):
    """``stops`` name places. ``low`` lines flood; ``detour`` is their way then, where there is one."""

    id: str
    name: str
    buses: int
    stops: tuple[str, ...]
    low: bool = False
    detour: tuple[str, ...] = ()


class BusProfile(_Strict):
    plate: str
    places: Mapping[str, Place]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a line from end to end. ``t`` (s) and ``d`` (m) say when a bus on time has come how far; ``along`` is
    the distance of each corner, with its degrees and the bearing of the leg after it.
    """

    t: Floats
    d: Floats
    along: Floats
    lon: Floats
    lat: Floats
    bearing: Floats

    @property
    def seconds(self) -> float:
        return float(self.t[-1])

    def backward(self) -> Way:
        """The way of the other direction."""
        return Way(
            (self.t[-1] - self.t)[::-1],
            (self.d[-1] - self.d)[::-1],
            (self.along[-1] - self.along)[::-1],
            self.lon[::-1],
            self.lat[::-1],
            np.asarray((np.roll(self.bearing, 1) + 180) % 360)[::-1],
        )


def way(places: list[LonLat]) -> Way:
    """Through these places, with a stop at each and every half kilometre between in town."""
    along = [0.0]
    t, d = [0.0, DWELL_S], [0.0, 0.0]
    for a, b in pairwise(places):
        length = distance_m(a, b)
        country = length > COUNTRY_M
        stops = max(1, round(length / (STOP_EVERY_M * (3 if country else 1))))
        for n in range(1, stops + 1):
            t.append(t[-1] + length / stops / (COUNTRY_M_S if country else TOWN_M_S))
            d.append(along[-1] + length * n / stops)
            t.append(t[-1] + DWELL_S)
            d.append(d[-1])
        along.append(along[-1] + length)
    bearings = [bearing_deg(a, b) for a, b in pairwise(places)]
    lon, lat = np.array(places, dtype=np.float64).T
    return Way(
        np.array(t), np.array(d), np.array(along), lon, lat, np.array([*bearings, bearings[-1]], dtype=np.float64)
    )


def ways(profile: BusProfile, line: Line) -> tuple[Way, Way]:
    """The usual way of a line and its detour, which is the same where the line has none."""
    usual, around = (
        way([profile.places[stop].at for stop in stops]) for stops in (line.stops, line.detour or line.stops)
    )
    return usual, around
