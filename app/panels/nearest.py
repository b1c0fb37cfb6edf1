"""How far at sea, in a fisherman's words: the nearest landing place and nautical miles to it."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata import geography
from layers import words
from layers.words import Language

NAUTICAL_MILE_M = 1852.0
EARTH_M = 6371008.8


@cache
def _landings() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and (lon, lat) in radians of the landing places."""
    frame = geography.collection("landings")
    return tuple(frame["name_vi"]), np.radians(shapely.get_coordinates(frame.geometry.to_numpy()))


def landing(lon: float, lat: float) -> tuple[str, float]:
    """The nearest landing place of a point (EPSG:4326 degrees) and the nautical miles to it, on the sphere."""
    names, places = _landings()
    x, y = np.radians([lon, lat])
    half = np.sin((places[:, 1] - y) / 2) ** 2 + np.cos(y) * np.cos(places[:, 1]) * np.sin((places[:, 0] - x) / 2) ** 2
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(half))
    i = int(metres.argmin())
    return names[i], float(metres[i]) / NAUTICAL_MILE_M


def said(lon: float, lat: float, pattern: str, language: Language) -> str:
    """The pattern with ``{place}`` and ``{n}``, whole nautical miles."""
    place, miles = landing(lon, lat)
    return pattern.format(place=place, n=words.number(miles, 0, language))
