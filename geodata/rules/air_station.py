"""What an air station's results say: VN_AQI of the hour, and means over the hours of a limit of law.

Only results of devices that measure count (Circular 10/2021/TT-BTNMT: 00); hours are of the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from geodata.records import Quality
from geodata.rules import qcvn, vn_aqi

POLLUTANTS = ("pm25", "pm10", "o3", "no2", "so2", "co")
PRESENT = 0.75
"""Share of its hours that a mean must have to be held against a limit: this program's own rule."""


@dataclass(frozen=True, slots=True)
class Over:
    """A mean above its limit, µg/m³."""

    pollutant: str
    mean: float
    limit: qcvn.AirLimit


def hourly(rows: pd.DataFrame) -> pd.DataFrame:
    """Means by hour (index, the newest last) and pollutant, of one station."""
    return next(iter(by_station(rows.assign(id="one")).values()), pd.DataFrame())


def by_station(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """``hourly`` of every station. Columns id, time, observed_property, result, quality."""
    if rows.empty:
        return {}
    good = rows[(rows["quality"] == Quality.MEASURING) & rows["observed_property"].isin(POLLUTANTS)]
    good = good[pd.to_numeric(good["result"], errors="coerce").notna()]
    if good.empty:
        return {}
    told = good.assign(hour=good["time"].dt.floor("h"), result=good["result"].astype(float))
    table = told.pivot_table(index=["id", "hour"], columns="observed_property", values="result", aggfunc="mean")
    return {str(key): own.droplevel(0).dropna(axis=1, how="all") for key, own in table.groupby(level=0)}


def index_of(table: pd.DataFrame) -> vn_aqi.Index | None:
    """VN_AQI of one station from its hourly means; None where they do not suffice."""
    if table.empty:
        return None
    newest = table.reindex(pd.date_range(end=table.index.max(), periods=vn_aqi.NOWCAST_HOURS, freq="h")[::-1])
    return vn_aqi.hourly({name: newest[name].tolist() for name in newest.columns})


def over_limits(table: pd.DataFrame, at: datetime) -> Iterator[Over]:
    """The limits of QCVN 05:2023 that the newest means of one station, by the hour, are above."""
    if table.empty:
        return
    newest = table.index.max()
    for pollutant in table.columns:
        for limit in qcvn.limits(str(pollutant), at):
            last = table.loc[table.index > newest - pd.Timedelta(hours=limit.hours), pollutant].dropna()
            if len(last) >= PRESENT * limit.hours and float(last.mean()) > limit.value:
                yield Over(str(pollutant), float(last.mean()), limit)
