"""Where a boat fishes: in the zone of its length (Decree 26/2019/NĐ-CP, by reference lines), but for a few crews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geodata.rules import sea_zone
from sources.simulator.water import Channel, LonLat, offset

NEAREST_M, FARTHEST_M, STEP_M = 3_000.0, 108_000.0, 1_000.0
MARGIN_NM = 1.0
"""Clear of a line by what the rule allows for."""

INSHORE_M, OFFSHORE_M = 12.0, 15.0
STRAYS = 0.015
"""Of the trips go where they should not: a city has such crews, and somebody has to notice."""


@dataclass(frozen=True)
class Grounds:
    """Of each port: which places on the bearings that are seen from its mouth lie in which zone."""

    channels: Sequence[Channel]
    fans: Sequence[Mapping[int, float]]
    _found: dict[tuple[int, str | None, int], Mapping[int, Sequence[float]]] = field(default_factory=dict, init=False)
    _zones: dict[int, Mapping[int, np.ndarray]] = field(default_factory=dict, init=False)

    def bearings(self, port: int, zone: str | None, radius_m: float) -> Mapping[int, Sequence[float]]:
        """By bearing: how far out a disc of that radius lies wholly in the zone (None: wherever) and in sight."""
        key = (port, zone, max(1, round(radius_m / STEP_M)))
        if key not in self._found:
            self._found[key] = self._bearings(*key)
        return self._found[key]

    def _bearings(self, port: int, zone: str | None, reach: int) -> Mapping[int, Sequence[float]]:
        found = {}
        for bearing, zones in self._of(port).items():
            inside = np.ones(len(zones), bool) if zone is None else zones == zone
            wide = np.lib.stride_tricks.sliding_window_view(inside, 2 * reach + 1).all(axis=1)
            far = NEAREST_M + STEP_M * (np.flatnonzero(wide) + reach)
            far = far[far <= self.fans[port][bearing]]
            if len(far):
                found[bearing] = far.tolist()
        return found

    def _of(self, port: int) -> Mapping[int, np.ndarray]:
        if port not in self._zones:
            distances = np.arange(NEAREST_M, FARTHEST_M, STEP_M)
            mouth, seen = self.channels[port].mouth, list(self.fans[port])
            places: list[LonLat] = [offset(mouth, bearing, float(far)) for bearing in seen for far in distances]
            lon, lat = np.array(places, dtype=np.float64).reshape(-1, 2).T
            zones = sea_zone.zones(lon, lat, MARGIN_NM).to_numpy().reshape(len(seen), len(distances))
            self._zones[port] = dict(zip(seen, zones, strict=True))
        return self._zones[port]


def zone(length_m: float) -> str:
    """The zone in which a boat of that length is to fish."""
    return "coast" if length_m < INSHORE_M else "inshore" if length_m < OFFSHORE_M else "offshore"
