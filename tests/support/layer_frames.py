"""Frames as the reader gives them (contracts 4.1), built from a few words: for tests of layers without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.records import Quality
from geodata.view import Bounds, View
from layers.base import LegendItem

END = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
"""Friday, 14:00 in Việt Nam."""

HUE = (107.585, 16.465)
COMMON: dict[str, Any] = {
    "source": "test", "simulated": True, "feed": "up", "feed_since": None, "feed_lost": None,
    "cadence_s": 86400.0, "late_factor": 3.0
}  # fmt: skip


def view(half: float = 0.5, hours: float = 24, end: datetime = END, width: int = 1200, height: int = 800) -> View:
    """Around Huế, ``half`` degrees to each side."""
    lon, lat = HUE
    bounds = Bounds(lon - half, lat - half * 0.64, lon + half, lat + half * 0.64)
    return View(bounds, width, height, end - timedelta(hours=hours), end)


def zoomed(zoom: float) -> View:
    """1200 × 800 px around Huế at that zoom."""
    return view(156543.03 / 2**zoom * 600 / 111_320)


def frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any], *, by_id: bool = True) -> gpd.GeoDataFrame:
    """Rows with ``id``, ``geometry``, ``age_h`` and what differs from ``columns``; no row keeps all columns."""
    made = []
    for row in rows:
        own = dict(row)
        age = timedelta(hours=own.pop("age_h", 1.0))
        made.append({**COMMON, **columns} | {"properties": {}, "time": END - age, "received_at": END - age} | own)
    names = ["id", "geometry", "time", "received_at", "properties", *COMMON, *columns]
    table = pd.DataFrame(made, columns=list(dict.fromkeys([*names, *(k for row in made for k in row)])))
    moments = ("time", "received_at", "feed_lost", "onset", "effective", "expires", "sent", "phenomenon_end")
    for name in (m for m in (*moments, "end_time") if m in table):
        table[name] = pd.to_datetime(table[name], utc=True)
    out = gpd.GeoDataFrame(table, geometry="geometry", crs=4326)
    return out.set_index("id").rename_axis("id") if by_id else out


THING = {"name": None, "category": None, "agency": None, "azimuth_deg": None, "fov_deg": None, "range_m": None}
OBSERVATION = {
    "name": None, "category": None, "agency": None, "observed_property": "visitors", "result": float("nan"),
    "result_text": None, "unit": None, "quality": Quality.MEASURING, "phenomenon_end": None,
    "numerator": float("nan"), "denominator": float("nan"),
}  # fmt: skip
EVENT = {
    "end_time": None, "category": None, "title": None, "description": None, "thing_id": None,
    "place_confidence": float("nan"), "place_level": None, "severity": float("nan"), "status": None, "url": None,
}  # fmt: skip
ALERT = {
    "sender": "office", "identifier": "1", "sent": END, "status": "Actual", "msg_type": "Alert", "event": "Lũ",
    "urgency": "Expected", "severity": "Severe", "certainty": "Likely", "level": float("nan"), "effective": None,
    "onset": None, "expires": END + timedelta(hours=5), "headline": "Tin lũ", "description": None, "instruction": None,
    "sender_name": "Đài Khí tượng thủy văn", "area_desc": None,
}  # fmt: skip
COVERAGE = {"href": "", "media_type": "image/tiff", "category": "radar_rain"}


def things(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, THING)


def observations(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, OBSERVATION, by_id=False)


def events(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, EVENT)


def alerts(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, ALERT)


def coverages(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, COVERAGE)


def point(east: float = 0.0, north: float = 0.0) -> shapely.Point:
    """Near the middle of the view, moved by that many degrees."""
    return shapely.Point(HUE[0] + east, HUE[1] + north)


def square(half: float = 0.1, east: float = 0.0, north: float = 0.0) -> shapely.Polygon:
    lon, lat = HUE[0] + east, HUE[1] + north
    return shapely.box(lon - half, lat - half, lon + half, lat + half)


def counts(items: Sequence[LegendItem]) -> dict[str, int | None]:
    return {item.title_vi: item.count for item in items}
