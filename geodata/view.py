"""What is looked at: an area, a picture size and a span of time. Hashable, so it is the cache key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import atan, degrees, exp, log, log2, pi, radians, tan

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_M = 6378137.0
WORLD_M = 2 * pi * EARTH_RADIUS_M


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """EPSG:4326 degrees to EPSG:3857 metres."""
    return EARTH_RADIUS_M * radians(lon), EARTH_RADIUS_M * log(tan(pi / 4 + radians(lat) / 2))


def mercator_xy(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """EPSG:4326 degrees to EPSG:3857 metres, arrays."""
    across, up = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    return EARTH_RADIUS_M * across, EARTH_RADIUS_M * np.log(np.tan(np.pi / 4 + up / 2))


def lonlat(x: float, y: float) -> tuple[float, float]:
    """EPSG:3857 metres to EPSG:4326 degrees."""
    return degrees(x / EARTH_RADIUS_M), degrees(2 * atan(exp(y / EARTH_RADIUS_M)) - pi / 2)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box in EPSG:4326: west < east, south < north, within Web Mercator's latitudes."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west < self.east <= 180 and -85.06 <= self.south < self.north <= 85.06):
            raise ValueError(f"not a box of west, south, east, north in degrees: {self}")

    @property
    def mercator(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) in EPSG:3857 metres."""
        return (*mercator(self.west, self.south), *mercator(self.east, self.north))

    @classmethod
    def from_mercator(cls, x0: float, y0: float, x1: float, y1: float) -> Bounds:
        return cls(*lonlat(x0, y0), *lonlat(x1, y1))

    @classmethod
    def from_tile(cls, z: int, x: int, y: int) -> Bounds:
        """The box of an XYZ tile (y grows southwards)."""
        span = WORLD_M / 2**z
        x0, y1 = -WORLD_M / 2 + x * span, WORLD_M / 2 - y * span
        return cls.from_mercator(x0, y1 - span, x0 + span, y1)


@dataclass(frozen=True, slots=True)
class View:
    """``start``..``end`` is the window (aware UTC), ``end`` the clock's instant: nothing later is shown.

    ``known_at`` cuts by ``received_at``: None shows what is known now, an instant shows what was known then.
    """

    bounds: Bounds
    width_px: int
    height_px: int
    start: datetime
    end: datetime
    known_at: datetime | None = None

    @property
    def resolution_m(self) -> float:
        """EPSG:3857 metres a pixel, horizontally."""
        x0, _, x1, _ = self.bounds.mercator
        return (x1 - x0) / self.width_px

    @property
    def zoom(self) -> float:
        """Web Mercator zoom for 256 px tiles, fractional."""
        return log2(WORLD_M / 256 / self.resolution_m)
