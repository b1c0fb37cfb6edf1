"""Air that harms, by the Decision's index, and means above the limits of law; idle devices say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.records import Observation
from geodata.rules import air_station, vn_aqi
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Holds, Row, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "air_quality"
DAY = timedelta(hours=25)


@rule(SERVICE)
def bad_air(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A station whose VN_AQI of the hour is bad (Xấu) or worse."""
    stations = things.heard(frames, SERVICE)
    for key, table in _recent(frames, stations):
        row = stations.loc[key]
        if row["state"] == "unknown":
            yield Unknown(key)
            continue
        found = air_station.index_of(table) if row["state"] != "silent" else None
        if found is None:
            continue
        if found.value >= limits["bad_aqi"]:
            yield _bad(frames, key, row, found)
        elif found.value >= limits["bad_aqi"] - limits["fall_aqi"]:
            yield Holds(key)


@rule(SERVICE)
def over_limit(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Means above QCVN 05:2023, the stations of one pollutant together."""
    stations = things.heard(frames, SERVICE)
    told: dict[str, list[tuple[str, air_station.Over]]] = {}
    for key, table in _recent(frames, stations):
        if stations.loc[key, "state"] in {"fresh", "late"}:
            for over in air_station.over_limits(table, frames.at):
                told.setdefault(over.pollutant, []).append((key, over))
    for pollutant, found in sorted(told.items()):
        worst_key, worst = max(found, key=lambda pair: pair[1].mean / pair[1].limit.value)
        group = stations.loc[sorted({key for key, _ in found})]
        time = group["time"].max().to_pydatetime()
        yield Fires(
            key=pollutant,
            since=things.began(frames, "air_quality.over_limit", pollutant, time),
            geometry=things.where(group["geometry"]),
            facts={
                "pollutant": pollutant,
                "n": len(group),
                "name": things.names(stations.loc[[worst_key]])[0],
                "mean": round(worst.mean, 1),
                "limit": worst.limit.value,
                "hours": worst.limit.hours,
                "names": things.names(group),
            },
            rows=[Row(SERVICE, "Observation", str(key), time) for key in group.index],
            simulated=bool(group["simulated"].any()),
        )


def _recent(frames: Frames, stations: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """The hourly means of the last day by station."""
    found = frames.between(SERVICE, Observation, DAY)
    if len(found) and len(stations):
        tables = things.once(frames, "hours of air", lambda: air_station.by_station(found))
        yield from ((key, table) for key, table in tables.items() if key in stations.index)


def _bad(frames: Frames, key: str, row: Any, found: vn_aqi.Index) -> Fires:
    time = row["time"].to_pydatetime()
    return Fires(
        key=key,
        since=things.began(frames, "air_quality.bad_air", key, time),
        level=vn_aqi.level(found.value),
        geometry=row["geometry"],
        facts={
            "name": things.text(row["name"]) or key,
            "aqi": found.value,
            "band": f"band_{vn_aqi.band(found.value)}",
            "pollutant": found.leading,
            "time": time.isoformat(),
        },
        rows=[Row(SERVICE, "Observation", key, time, str(row["source"]))],
        simulated=bool(row["simulated"]),
    )
