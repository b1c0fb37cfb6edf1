"""Rivers at their alarm levels and rising fast, heavy rain. Unknown levels stay unknown; idle devices say nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.records import Observation, Quality
from geodata.rules import alarm, rain
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Holds, Over, Row, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "hydrology"
RECENT = timedelta(hours=3)
KEY_RAIN = "rain"


@rule(SERVICE)
def over_alarm(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A station at or above a confirmed alarm level; it falls back only a little below: then it still holds."""
    recent = frames.between(SERVICE, Observation, timedelta(hours=24))
    for station, row in _levels(frames).iterrows():
        levels = alarm.alarms_of(row["properties"], row["name"], confirmed=True)
        if not levels:
            continue
        if _dark(row):
            yield Unknown(str(station))
            continue
        value = float(row["result"])
        reached = alarm.alarm(value, levels)
        if reached.level:
            yield _fires(str(station), row, reached, _since(recent, str(station), levels[str(reached.name)], row))
        elif alarm.alarm(value + limits["fall_m"], levels).level:
            yield Holds(str(station))


@rule(SERVICE)
def rising(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Below its alarm level, but there within the warning time if it rises on as in the last three hours."""
    rates = alarm.rates_of(frames.between(SERVICE, Observation, RECENT))
    for station, row in _levels(frames).iterrows():
        levels = alarm.alarms_of(row["properties"], row["name"], confirmed=True)
        rate = rates.get(str(station))
        if not levels or rate is None:
            continue
        if _dark(row):
            yield Unknown(str(station))
            continue
        reached = alarm.alarm(float(row["result"]), levels)
        if reached.level and str(station) in frames.opened("hydrology.rising"):
            yield Over(str(station), row["time"].to_pydatetime())  # it is told by the alarm now
        elif reached.level == 0 and reached.next_m is not None and rate >= limits["least_m_per_h"]:
            hours = reached.next_m / rate
            if hours <= limits["ahead_h"]:
                since = things.began(frames, "hydrology.rising", str(station), row["time"])
                yield _fires(str(station), row, reached, since, rate=rate, hours=hours)
            elif hours <= limits["ahead_h"] * 1.5:
                yield Holds(str(station))


@rule(SERVICE)
def heavy_rain(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Rain of the classes of the bulletins, all stations together: it falls on a city, not on a gauge."""
    found = frames.latest(SERVICE, Observation)
    day = _measured(frames, found, rain.DAY)
    three = rain.sums(_measured(frames, frames.between(SERVICE, Observation, RECENT), rain.HOUR))
    if day.empty and three.empty:
        if len(found) and (found["feed"] == "down").all():
            yield Unknown(KEY_RAIN)
        return
    amount = pd.to_numeric(day.set_index("id")["result"]) if len(day) else pd.Series(dtype=float)
    heavy, intense = amount[amount > limits["heavy_24h_mm"]], three[three > limits["intense_3h_mm"]]
    stations = heavy.index.union(intense.index)
    if stations.empty:
        if (amount > limits["heavy_24h_mm"] * 0.9).any():
            yield Holds(KEY_RAIN)
        return
    own = found[found["id"].isin(list(stations))].drop_duplicates("id").set_index("id")
    most = amount.max() if len(amount) else float("nan")
    level = 3 if len(intense) else 2 if most > limits["very_heavy_24h_mm"] else 1
    yield Fires(
        key=KEY_RAIN,
        since=things.began(frames, "hydrology.heavy_rain", KEY_RAIN, own["time"].min()),
        level=level,
        geometry=things.where(own.geometry),
        facts={
            "n": len(stations),
            "of": len(amount.index.union(three.index)),
            "rain": rain.word(most) if len(heavy) else None,
            "most_24h_mm": None if pd.isna(most) else round(float(most), 1),
            "most_3h_mm": None if three.empty else round(float(three.max()), 1),
            "name": str(own.loc[(intense if len(intense) else heavy).idxmax(), "name"]),
            "names": things.names(own),
        },
        rows=[Row(SERVICE, "Observation", str(k), t.to_pydatetime()) for k, t in own["time"].items()],
        simulated=bool(own["simulated"].any()),
    )


def _measured(frames: Frames, found: Any, name: str) -> Any:
    """The results of that property, of devices that measure, by feeds that are up, not older than the word holds."""
    if found.empty:
        return found
    age = (pd.Timestamp(frames.at) - found["time"]).dt.total_seconds()
    good = (found["observed_property"] == name) & (found["quality"] == Quality.MEASURING) & (found["feed"] != "down")
    return found[good & pd.to_numeric(found["result"], errors="coerce").notna() & (age <= RECENT.total_seconds())]


def _levels(frames: Frames) -> Any:
    """The newest water level of each station, index id; those older than three cadences are no level."""
    found = frames.latest(SERVICE, Observation)
    if found.empty:
        return found
    own = found[found["observed_property"] == alarm.PROPERTY].set_index("id")
    return own[pd.to_numeric(own["result"], errors="coerce").notna()]


def _dark(row: Any) -> bool:
    return bool(row["feed"] == "down" or row["quality"] != Quality.MEASURING)


def _since(recent: Any, station: str, level_m: float, row: Any) -> Any:
    """When it last rose to that level: the first reading of the unbroken run at or above it."""
    own = recent[(recent["id"] == station) & (recent["observed_property"] == alarm.PROPERTY)] if len(recent) else recent
    own = own.sort_values("time") if len(own) else own
    below = own[pd.to_numeric(own["result"], errors="coerce") < level_m - alarm.TOUCH_M] if len(own) else own
    after = own[own["time"] > below["time"].max()] if len(below) else own
    first = after["time"].min() if len(after) else row["time"]
    return min(first, row["time"]).to_pydatetime()


def _fires(
    station: str, row: Any, reached: alarm.Alarm, since: Any, *, rate: float | None = None, hours: float | None = None
) -> Fires:
    time = row["time"].to_pydatetime()
    return Fires(
        key=station,
        since=since,
        level=reached.level or None,
        geometry=row["geometry"],
        facts={
            "name": str(row["name"] or station),
            "value_m": round(float(row["result"]), 2),
            "time": time.isoformat(),
            "reached": reached.name,
            "over_m": None if reached.over_m is None else round(reached.over_m, 2),
            "next": reached.next_name,
            "next_m": None if reached.next_m is None else round(reached.next_m, 2),
            "rate_m_per_h": None if rate is None else round(rate, 2),
            "hours": None if hours is None else round(hours, 1),
        },
        rows=[Row(SERVICE, "Observation", station, time, str(row["source"]))],
        simulated=bool(row["simulated"]),
    )
