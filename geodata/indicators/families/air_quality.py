"""Air: the index of the Decision, and the day's mean of PM2.5 against the limit of the regulation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Observation
from geodata.rules import air_station, vn_aqi
from geodata.watch import things
from geodata.watch.frames import Frames

SERVICE = "air_quality"
DAY = timedelta(hours=25)
HOURS = 24


def hours(frames: Frames) -> Mapping[str, pd.DataFrame]:
    """Hourly means of the last day by station (``air_station.by_station``)."""
    found = frames.between(SERVICE, Observation, DAY)
    if found.empty:
        return {}
    return things.once(frames, "hours of air", lambda: air_station.by_station(found))


def indexed(frames: Frames) -> tuple[measure.Now, pd.Series[float]]:
    """The stations that are heard of and have an index, and their VN_AQI of the hour."""
    return things.once(frames, "indexes of air", lambda: _indexed(frames))


def _indexed(frames: Frames) -> tuple[measure.Now, pd.Series[float]]:
    found, tables = measure.now(frames, SERVICE), hours(frames)
    told = [air_station.index_of(tables.get(str(key), pd.DataFrame())) for key in found.rows.index]
    aqi = pd.Series([np.nan if one is None else one.value for one in told], found.rows.index, dtype=float)
    return found.only(aqi.notna(), "no_value"), aqi.dropna()


@indicator
def poor(frames: Frames) -> Figure:
    found, aqi = indexed(frames)
    level = np.array([vn_aqi.level(value) for value in aqi], int)
    return found.count(level > 0, int(level.max()) if (level > 0).any() else None)


@indicator
def stations(frames: Frames) -> Figure:
    return indexed(frames)[0].count()


@indicator
def worst(frames: Frames) -> Figure:
    found, aqi = indexed(frames)
    return measure.most(found.rows, list(aqi), found.left_out)


@indicator
def pm25_day(frames: Frames) -> Figure:
    """The highest mean of 24 hours among the stations that have three quarters of them."""
    found, means = measure.now(frames, SERVICE), {}
    for key, table in hours(frames).items():
        if "pm25" in table:
            own = table.loc[table.index > table.index.max() - pd.Timedelta(hours=HOURS), "pm25"].dropna()
            if len(own) >= air_station.PRESENT * HOURS:
                means[key] = float(own.mean())
    kept = found.only([str(key) in means for key in found.rows.index], "no_value")
    return measure.most(kept.rows, [means[str(key)] for key in kept.rows.index], kept.left_out)


@indicator
def reporting(frames: Frames) -> Figure:
    return measure.reporting(frames, SERVICE)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
