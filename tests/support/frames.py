"""Frames as the reader gives them, made by hand: every column of a kind, what a test does not name is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.view import Bounds, View

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
HOME = shapely.Point(107.585, 16.463)
COMMON = (
    *("geometry", "time", "received_at", "source", "simulated"),
    *("feed", "feed_since", "feed_lost", "cadence_s", "late_factor"),
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "thing": ("name", "category", "agency", "azimuth_deg", "fov_deg", "range_m", "mast_height_m"),
    "position": ("name", "category", "agency", "sog_kn", "cog_deg", "heading_deg", "status"),
    "observation": (
        *("name", "category", "agency", "observed_property", "result", "result_text", "unit", "quality"),
        *("phenomenon_end", "numerator", "denominator"),
    ),
    "event": (
        *("end_time", "category", "title", "description", "thing_id", "place_confidence", "place_level"),
        *("severity", "status", "url"),
    ),
}
NUMBERS = ("azimuth_deg", "fov_deg", "range_m", "sog_kn", "cog_deg", "heading_deg", "result", "severity")
TIMES = ("time", "received_at", "feed_since", "feed_lost", "end_time", "phenomenon_end")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def rows(kind: str, *told: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """A frame of a kind (contracts, section 4.1); each row names its ``id`` and what it has."""
    plain: dict[str, Any] = {
        "time": NOW,
        "received_at": NOW,
        "geometry": HOME,
        "source": "test",
        "simulated": False,
        "feed": "up",
        "cadence_s": 300.0,
        "late_factor": 3.0,
        "properties": {},
        "quality": "measuring",
    }
    names = (*COMMON, "properties", *COLUMNS[kind])
    full = [{name: plain.get(name) for name in names} | dict(row) for row in told]
    frame = pd.DataFrame(full, columns=["id", *names])
    for name in TIMES:
        if name in frame:
            frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    for name in NUMBERS:
        if name in frame:
            frame[name] = pd.to_numeric(frame[name])
    keyed = frame if kind == "observation" else frame.set_index("id")
    return gpd.GeoDataFrame(keyed, geometry="geometry", crs=4326)


def cell(frame: pd.DataFrame, key: str, name: str) -> Any:
    """One value of a frame."""
    return frame[name][key]


def view(zoom: float = 13.5, hours: float = 24) -> View:
    """1200 × 800 px about the town at that zoom, on the day before ``NOW``."""
    half = 156543.03 / 2**zoom * 600 / 111_320
    bounds = Bounds(HOME.x - half, HOME.y - half * 0.64, HOME.x + half, HOME.y + half * 0.64)
    return View(bounds, 1200, 800, NOW - timedelta(hours=hours), NOW)
