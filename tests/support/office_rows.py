"""Frames of observations, things, cases and events as the reader gives them, for the layers of offices and wards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.view import Bounds, View

END = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
"""Friday 17:40 in Viet Nam."""

MONTH = (datetime(2026, 9, 30, 17, tzinfo=UTC), datetime(2026, 10, 31, 17, tzinfo=UTC))
"""October 2026, as its local days."""

PHU_XUAN, THUAN_HOA = "19753", "19789"
"""Wards of Huế by code."""

NONE = shapely.Point(107.58, 16.46)
COMMON: dict[str, Any] = {
    "source": "simulated_office",
    "simulated": True,
    "feed": "up",
    "feed_since": END - timedelta(days=400),
    "feed_lost": None,
    "cadence_s": 86400.0,
    "late_factor": 3.0,
    "received_at": END,
}
OBSERVED: dict[str, Any] = {
    "name": None,
    "category": None,
    "agency": None,
    "observed_property": None,
    "result": float("nan"),
    "result_text": None,
    "unit": None,
    "quality": "measuring",
    "phenomenon_end": pd.NaT,
    "numerator": float("nan"),
    "denominator": float("nan"),
}
CASE: dict[str, Any] = {
    "title": "Tôi là Nguyễn Thị Mật, 0905123456",
    "description": "Nhà tôi ở 12 Lê Lợi",
    "service_code": None,
    "service_name": "Nguyễn Thị Mật",
    "category": "land",
    "status": "dispatched",
    "source_status": None,
    "agency": None,
    "address": "12 Lê Lợi",
    "urgency": "normal",
    "channel": "Tổng đài 1022",
    "rating": None,
    "updated_datetime": END,
    "expected_datetime": pd.NaT,
    "closed_datetime": pd.NaT,
    "duplicate_of": None,
    "status_notes": "đã gọi 0905123456",
    "media_url": None,
}
EVENT: dict[str, Any] = {"end_time": pd.NaT, "title": "", "thing_id": None, "severity": float("nan"), "status": None}


def view(zoom: float = 11.0, *, end: datetime = END, lon: float = 107.58, lat: float = 16.46) -> View:
    """1200 × 800 px around a place at that zoom."""
    half = 156543.03 / 2**zoom * 600 / 111_320
    return View(
        Bounds(lon - half, lat - half * 0.64, lon + half, lat + half * 0.64), 1200, 800, end - timedelta(days=1), end
    )


def frame(rows: Sequence[dict[str, Any]], defaults: dict[str, Any], *, by_id: bool) -> gpd.GeoDataFrame:
    """Rows with what they leave out; ``by_id`` makes the id the index."""
    base = {"id": "x", "time": END - timedelta(minutes=10), "properties": None, "geometry": NONE}
    whole = [base | COMMON | defaults | row for row in rows] or [base | COMMON | defaults]
    out = gpd.GeoDataFrame(whole, geometry="geometry", crs=4326)
    for name in ("time", "received_at", "feed_since", "feed_lost", "phenomenon_end", "end_time", "valid_from"):
        if name in out:
            out[name] = pd.to_datetime(out[name], utc=True)
    for name in [n for n in out if str(n).endswith("_datetime")]:
        out[name] = pd.to_datetime(out[name], utc=True)
    out["properties"] = [{} if p is None else p for p in out["properties"]]
    out = out if rows else out.iloc[:0]
    if by_id:
        out = out.set_index("id")
        out.index.name = None
    return gpd.GeoDataFrame(out, crs=4326)


def observations(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, OBSERVED, by_id=False)


def things(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, {"name": None, "category": None, "agency": None}, by_id=True)


def cases(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    asked = [{"requested_datetime": END - timedelta(days=1)} | row for row in rows]
    return frame(asked, CASE | {"requested_datetime": pd.NaT}, by_id=True)


def events(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, EVENT | {"category": None}, by_id=True)


def features(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, {"collection": "o_luoi", "name": None, "category": None, "valid_from": pd.NaT}, by_id=True)
