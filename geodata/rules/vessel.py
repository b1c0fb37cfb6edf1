"""The clocks of a fishing vessel's signal: reporting, late, lost, lost for ten days; in port the clock stands.

Intervals of the Decree that 41/2026/NĐ-CP replaced (26/2019, 37/2024); the new one's text was not read, so they stay
data: 2 h from 24 m length, 3 h from 15 m; lost at sea after 6 h; back in port within 10 days.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

FISHING = "ship_30"

HOUR_S = 3600.0
INTERVAL_LARGE_S = 2 * HOUR_S
INTERVAL_S = 3 * HOUR_S
LARGE_M = 24.0
LOST_S = 6 * HOUR_S
LONG_LOST_S = 10 * 24 * HOUR_S

LEVEL_LOST = 3
LEVEL_LONG_LOST = 4
AIS_LESS = 1
"""By AIS alone a vessel may have sailed out of the receivers' reach; VMS goes by satellite, and is the duty."""

Signal = Literal["fresh", "late", "silent"]


def interval_s(length_m: float | None) -> float:
    """How often a vessel of that length reports; the longer interval when the length is not known."""
    return INTERVAL_LARGE_S if length_m is not None and length_m >= LARGE_M else INTERVAL_S


def by_ais(thing_id: str) -> bool:
    """Whether the device is an AIS set: the adapter names it by its MMSI."""
    return thing_id.startswith("mmsi:")


def fishing(ships: pd.DataFrame) -> pd.Series[bool]:
    """Which are fishing vessels. One of which no kind is told is, unless AIS tells of it: that hears every ship.

    Index id, column category.
    """
    ais = ships.index.to_series().astype(str).map(by_ais).astype(bool)
    return (ships["category"] == FISHING) | (ships["category"].isna() & ~ais)


def level(age_s: float, *, ais: bool) -> int:
    """Of a vessel lost at sea: on the map and at the desk the same."""
    return (LEVEL_LONG_LOST if age_s > LONG_LOST_S else LEVEL_LOST) - (AIS_LESS if ais else 0)


def signal(
    age_s: float, length_m: float | None = None, *, in_port: bool = False, ais: bool = False
) -> tuple[Signal, int]:
    """State and level from the age of the last fix, given that the feed itself is up."""
    if in_port or age_s <= interval_s(length_m):
        return "fresh", 0
    if age_s <= LOST_S:
        return "late", 0
    return "silent", level(age_s, ais=ais)
