"""One river on the wall: the station that matters most now, its last day, and its alarm levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.panels import chart
from app.panels.detail import clock_text
from app.panels.rows import word
from geodata.stations import Station, find
from layers import words

if TYPE_CHECKING:
    import geopandas as gpd

    from app.text import Text
    from geodata.city import City
    from geodata.store.reader import Reader
    from geodata.view import View

PROPERTY = "water_level"
HOURS = 12
STEADY_M_H = 0.01
"""Slower than a centimetre an hour is called little change."""


OLD = frozenset({"unknown", "silent", "late"})

Choice = tuple[str, Station | None, "pd.Series[Any]"]
"""A gauge: its id, its station, its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """A gauge of the frame with the alarm levels of its station, and its series."""

    name: str
    station: Station | None
    row: pd.Series[Any]
    points: Sequence[chart.Point]


def ranked(frame: gpd.GeoDataFrame, city: City) -> list[Choice]:
    """Gauges of which alarm levels are known: the highest level first, then the nearest to the middle of the city."""
    lon, lat, _ = city.home
    found = []
    for key, row in frame.iterrows():
        place = row.get("geometry")
        name = word(row, "name")
        if place is None or place.is_empty or not name:
            continue
        if (word(row, "observed_property") or PROPERTY) != PROPERTY:
            continue
        station = find(name, city.province_codes[0]) or find(name)
        if station is None or station.bd1 is None:
            continue
        far = (place.x - lon) ** 2 + (place.y - lat) ** 2
        found.append(((-int(row.get("level") or 0), far), (word(row, "id") or str(key), station, row)))
    return [choice for _, choice in sorted(found, key=lambda one: one[0])]


def series(reader: Reader, service: str, key: str, view: View) -> list[chart.Point]:
    """The level of one gauge over the last hours of the view. Raises what the reader raises."""
    rows = reader.query(
        "thing_series",
        service=service,
        thing_id=key,
        observed_property=PROPERTY,
        start=view.end - timedelta(hours=HOURS),
        end=view.end,
        known_at=view.known_at,
    )
    times = pd.to_datetime(rows["time"], utc=True)
    values = pd.to_numeric(rows["result"], errors="coerce")
    return [(t.timestamp(), float(v)) for t, v in zip(times, values, strict=True) if pd.notna(v)]


def rate_m_h(points: Sequence[chart.Point]) -> float | None:
    """Rise over the last hour, m/h; None when there is less than half an hour of data."""
    if len(points) < 2:
        return None
    last_t, last_v = points[-1]
    before = [p for p in points if last_t - 5400 <= p[0] <= last_t - 1800]
    if not before:
        return None
    t, v = before[0]
    return (last_v - v) / ((last_t - t) / 3600)


def trend_words(rate: float, text: Text) -> str:
    """As "lên 0,12 m/giờ", or that there is little change."""
    key = "steady" if abs(rate) < STEADY_M_H else "rise" if rate > 0 else "fall"
    return (
        text(f"wall.{key}", rate=words.number(abs(rate), 2, text.language)) if key != "steady" else text("wall.steady")
    )


def content(river: River, view: View, text: Text, timezone: str) -> dict[str, Any]:
    """As the rail draws it: value, trend or the time of an old value, series in runs, alarm levels in the range."""

    def shown(value: float, decimals: int) -> str:
        return words.number(value, decimals, text.language)

    values = [v for _, v in river.points]
    state = word(river.row, "state")
    lost = state == "unknown"
    marks = []
    if river.station is not None:
        levels = (river.station.bd1, river.station.bd2, river.station.bd3)
        marks = [(f"BĐ{i} {shown(v, 1)} m", v, i) for i, v in enumerate(levels, 1) if v is not None]
    top = max([*values, *(v for _, v, _ in marks[:2])], default=1.0)
    above = next((v for _, v, _ in marks if v > max(values, default=0)), top)
    low, high = min([0.0, *values]), max(top, above) * 1.12
    rate = rate_m_h(river.points)
    trend = trend_words(rate, text) if rate is not None else ""
    if river.points and state in OLD:  # a number of then is no number of now
        last = datetime.fromtimestamp(river.points[-1][0], UTC)
        trend = text("wall.last_at", time=clock_text(last, ZoneInfo(timezone), view.end))
    name = river.name
    if river.station is not None:
        name = text("wall.river", river=river.station.river, station=river.station.name)
    return {
        "name": name,
        "value": "?" if lost else shown(values[-1], 2) if values else "–",
        "unit": "" if lost or not values else "m",
        "level": int(river.row.get("level") or 0),
        "state": "unknown" if lost else "fresh",
        "trend": trend,
        "series": [[[t, v] for t, v in run] for run in chart.runs(chart.thin(river.points))],
        "t": river.points[-1][0] if river.points else None,
        "from": (view.end - timedelta(hours=HOURS)).timestamp(),
        "to": view.end.timestamp(),
        "range": [low, high],
        "thresholds": [{"title": title, "value": value, "level": level} for title, value, level in marks],
    }
