"""Roads that stand where they usually run, and grave incidents by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

import pandas as pd

from geodata.records import Quality
from geodata.rules import congestion
from geodata.watch import incidents, things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "traffic"

FREE_SPEED = ("free_speed_kmh", "speed_limit_kmh", "maxspeed")
WEEK = timedelta(days=7)
HALF = timedelta(minutes=30)
MOST_ASKED = 60
"""Of more jammed segments the past of the first is asked, by their ids: a city that stands needs no second opinion."""


@rule(SERVICE)
def jam(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Jammed segments that run far below the same hour of the past weeks: together, for a jam spreads."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    if (found["state"] == "unknown").all():
        yield Unknown(SERVICE)
        return
    known = found[found["state"].isin(["fresh", "late"])].sort_index()
    by = {str(key): runs(told.get(str(key), {}), more) for key, more in known["properties"].items()}
    stands = [key for key, one in by.items() if one in {"jammed", "closed"}]
    unusual = []
    for key in stands[:MOST_ASKED]:
        speed = things.number(told[key].get("speed"))
        usual = things.hourly(frames, f"usual of {key}", partial(_usual, frames, key))
        if speed is not None and usual is not None and speed < limits["share"] * usual:
            unusual.append(key)
    if len(unusual) < limits["least_n"]:
        return
    own = known.loc[unusual]
    since = things.began(frames, "traffic.jam", SERVICE, own["time"].max())
    facts = {"n": len(own), "jammed": len(stands), "of": sum(one is not None for one in by.values()),
             "names": things.names(own)}  # fmt: skip
    yield things.together(SERVICE, SERVICE, own, since, facts)


@rule(SERVICE)
def grave_incidents(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Open incidents of a grave level, those of one kind together."""
    return incidents.by_kind(frames, SERVICE, int(limits["least_level"]), "traffic.grave_incidents")


def runs(values: Mapping[str, float | str], properties: object) -> str | None:
    """How a segment runs by its newest results: a class of ``geodata.rules.congestion``; None when it is not known."""
    told = things.text(values.get("level_of_service"))
    speed, flow = things.number(values.get("speed")), things.number(values.get("flow"))
    more = things.more(properties)
    free = next((n for name in FREE_SPEED if (n := things.number(more.get(name))) is not None), None)
    return congestion.class_of(told or congestion.grade(speed, free), flow, speed)


def _usual(frames: Frames, key: str) -> float | None:
    """The median speed of the same hour of the same weekday of up to four past weeks; None for less than two."""
    past = frames.series(SERVICE, key, "speed", frames.at - 4 * WEEK - HALF)
    past = past[past["quality"] == Quality.MEASURING]
    found = [_median(past, frames.at - week * WEEK) for week in range(1, 5)]
    known = [value for value in found if value is not None]
    return float(pd.Series(known).median()) if len(known) >= 2 else None


def _median(past: pd.DataFrame, middle: datetime) -> float | None:
    near = past[(past["time"] >= middle - HALF) & (past["time"] <= middle + HALF)]
    speeds = pd.to_numeric(near["result"], errors="coerce").dropna()
    return float(speeds.median()) if len(speeds) else None
