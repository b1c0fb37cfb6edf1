"""Frames as the reader gives them, for layers of assets: things, results, events, features. Made without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Point

from geodata.view import Bounds, View

NOW = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)
HOME = (107.585, 16.463)
TIMES = ("time", "received_at", "feed_since", "feed_lost", "end_time", "valid_from", "valid_to")


def view(zoom: float = 14.0, *, width: int = 1200, height: int = 800) -> View:
    """A picture around the town at that zoom."""
    half = 156543.03 / 2**zoom * width / 2 / 111_320
    lon, lat = HOME
    bounds = Bounds(lon - half, lat - half * 0.64, lon + half, lat + half * 0.64)
    return View(bounds, width, height, NOW - timedelta(days=1), NOW)


def place(i: int = 0) -> Point:
    return Point(HOME[0] + 0.002 * i, HOME[1] + 0.001 * i)


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, by_id: bool) -> gpd.GeoDataFrame:
    """Rows over defaults of a live, simulated feed that writes every minute."""
    usual: dict[str, Any] = {
        "geometry": None,
        "time": NOW,
        "received_at": NOW,
        "source": "test",
        "simulated": True,
        "feed": "up",
        "feed_since": NOW - timedelta(days=60),
        "feed_lost": None,
        "cadence_s": 60.0,
        "late_factor": 3.0,
        "properties": {},
    }
    names = ["id", *usual, *columns]
    data = {name: [row.get(name, usual.get(name)) for row in rows] for name in names}
    out = gpd.GeoDataFrame({k: v for k, v in data.items() if k != "geometry"}, geometry=data["geometry"], crs=4326)
    for name in TIMES:
        if name in out:
            out[name] = pd.to_datetime(out[name], utc=True).astype("datetime64[us, UTC]")
    out["id"] = out["id"].astype("str")
    return out.set_index("id") if by_id else out


def things(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    return frame(rows, ("name", "category", "agency"), by_id=True)


def results(thing: str, *, age_s: float = 10, **values: Any) -> list[dict[str, Any]]:
    """The newest results of one thing: numbers and words by observed property."""
    time = NOW - timedelta(seconds=age_s)
    return [
        {
            "id": thing,
            "time": time,
            "observed_property": name,
            "result": value if isinstance(value, int | float) else None,
            "result_text": value if isinstance(value, str) else None,
        }
        for name, value in values.items()
    ]


def observations(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    out = frame(rows, ("name", "category", "agency", "observed_property", "result", "result_text"), by_id=False)
    out["result"] = pd.to_numeric(out["result"])
    return out


def events(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    columns = ("end_time", "category", "title", "thing_id", "severity", "status")
    return frame(rows, columns, by_id=True)


def features(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    columns = ("collection", "name", "category", "valid_from", "valid_to", "approximate")
    return frame(rows, columns, by_id=True)
