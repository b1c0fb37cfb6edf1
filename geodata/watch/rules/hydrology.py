"""Rivers at their alarm levels and rising fast. Unknown levels stay unknown; an idle device says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.records import Observation, Quality
from geodata.rules import alarm
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Holds, Row, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "hydrology"
RECENT = timedelta(hours=3)


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
        if reached.level == 0 and reached.next_m is not None and rate >= limits["least_m_per_h"]:
            hours = reached.next_m / rate
            if hours <= limits["ahead_h"]:
                yield _fires(str(station), row, reached, row["time"].to_pydatetime(), rate=rate, hours=hours)
            elif hours <= limits["ahead_h"] * 1.5:
                yield Holds(str(station))


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
