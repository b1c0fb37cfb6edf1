"""Whether a vessel lies in port: near a landing place and all but still. There the clocks of its signal stand.

The radius and the speed are this program's own; the landing places are those of ``geodata/data``.
"""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import geography

RADIUS_DEG = 0.02
"""About 2 km around a landing place."""

STILL_KN = 0.8
MOORED = 5
"""AIS navigational status."""


@cache
def landings() -> shapely.Geometry:
    """The circles around the landing places, EPSG:4326."""
    places = shapely.union_all(shapely.buffer(geography.collection("landings").geometry.to_numpy(), RADIUS_DEG))
    shapely.prepare(places)
    return places


def in_port(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Whether the last fix lies at a landing place and was all but still, or moored. Columns sog_kn and status."""
    still = pd.to_numeric(frame["sog_kn"], errors="coerce").fillna(0).to_numpy() < STILL_KN
    moored = pd.to_numeric(frame["status"], errors="coerce").to_numpy() == MOORED
    there = np.asarray(shapely.intersects(landings(), frame.geometry.to_numpy()), dtype=bool)
    out: np.ndarray = there & (still | moored)
    return out
