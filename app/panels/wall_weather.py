"""The weather of the city in the bar: the newest values of its own stations, nearest to its middle, with their time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.panels.detail import clock_text, moment
from geodata import catalogue
from geodata.records import Observation, Quality
from layers import words

if TYPE_CHECKING:
    from datetime import datetime

    import geopandas as gpd

    from app.panels.wall_have import Have
    from geodata.scenes import Measure

READ_S = 60.0


def nearest(
    frame: gpd.GeoDataFrame, measured: str, home: tuple[float, float], now: datetime
) -> pd.Series[float] | None:
    """The row of the station nearest to ``home`` (lon, lat) whose device measures and whose value is not silent."""
    rows = frame[(frame["observed_property"] == measured) & frame["result"].notna()]
    rows = rows[(rows["quality"] == Quality.MEASURING) & (rows["feed"] != "down")]
    rows = rows[~(rows.geometry.isna() | rows.geometry.is_empty)]
    age = (pd.Timestamp(now) - rows["time"]).dt.total_seconds()
    rows = rows[age <= rows["cadence_s"].astype(float) * rows["late_factor"].astype(float)]
    if rows.empty:
        return None
    far = np.hypot(rows.geometry.x - home[0], rows.geometry.y - home[1])
    found: pd.Series[float] = rows.iloc[int(np.asarray(far).argmin())]
    return found


def said(have: Have) -> list[str]:
    """As "24,1 °C, mưa 19,7 mm/giờ lúc 13:00", then shorter; nothing when no station tells."""
    parts, times = [], []
    for measure in have.city.wall.weather:
        if not have.ready(measure.service):
            continue
        row = have.memory.keep(("weather", measure.service, measure.property), READ_S, partial(_read, measure, have))
        if row is None:
            continue
        known = next(p for p in catalogue.service(measure.service).observed_properties if p.id == measure.property)
        value = words.quantity(float(row["result"]), known.unit, known.decimals, have.text.language)
        key = f"wall.weather_{measure.property}"
        title = known.title_vi if have.text.language == "vi" else known.title_en
        parts.append(have.text(key, value=value) if have.text.has(key) else f"{title} {value}")
        times.append(moment(row["time"]))
    told = [t for t in times if t is not None]
    if not parts or not told:
        return []
    at = have.text("wall.at", time=clock_text(min(told), have.zone, have.now))
    return [f"{', '.join(parts)} {at}", ", ".join(parts), parts[0]]


def _read(measure: Measure, have: Have) -> pd.Series[float] | None:
    lon, lat, _ = have.city.home
    frame = have.reader.latest(measure.service, Observation, have.wide)
    return nearest(frame, measure.property, (lon, lat), have.now)
