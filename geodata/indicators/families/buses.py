"""Buses: on the road, silent, in time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Event, Observation
from geodata.rules import punctuality
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules import buses as rules
from geodata.watch.signs import Fires

SERVICE = "buses"


def serving(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The buses in service of feeds that are up, with ``quiet``: not heard of within their source's time."""
    rows, left = measure.parted(rules.serving(frames))
    if rows.empty:
        return rows, left
    due = rows["cadence_s"].astype(float) * rows["late_factor"].astype(float)
    deaf = (rows["age_s"] > due) & (rows["listened_s"] <= due)
    rows = rows.assign(quiet=rows["listened_s"] > due)[~deaf]
    return rows, left | {"unknown": left.get("unknown", 0) + int(deaf.sum())}


def delays(frames: Frames) -> tuple[Any, pd.Series[float], dict[str, int]]:
    """The buses heard of with a delay told within half an hour, and that delay in seconds."""
    rows, left = serving(frames)
    told = frames.latest(SERVICE, Observation)
    if rows.empty or told.empty:
        return rows.iloc[:0], pd.Series(dtype=float), left
    age = (pd.Timestamp(frames.at) - told["time"]).dt.total_seconds()
    recent = told[(told["observed_property"] == "delay") & (age <= rules.DELAY_HOLDS_S)]
    delay = pd.to_numeric(recent.set_index("id")["result"], errors="coerce").reindex(rows.index)
    heard = delay[~rows["quiet"]].dropna()
    return rows.loc[heard.index], heard, left | {"no_value": len(rows) - len(heard)}


@indicator
def lines_stopped(frames: Frames) -> Figure:
    """As the watch tells it, by the operator's own notices."""
    found = frames.latest(SERVICE, Event)
    rows, left = measure.parted(found)
    signs = [sign for sign in rules.lines_stopped.signs(frames) if isinstance(sign, Fires)]
    n = sum(things.number(sign.facts["n"]) or 0 for sign in signs)
    return measure.figure(rows, n, left_out=left)


@indicator
def late(frames: Frames) -> Figure:
    rows, delay, left = delays(frames)
    return measure.count(rows, delay >= punctuality.LATE_S, left)


@indicator
def running(frames: Frames) -> Figure:
    rows, left = serving(frames)
    return measure.count(rows, None if rows.empty else ~rows["quiet"], left)


@indicator
def silent(frames: Frames) -> Figure:
    rows, left = serving(frames)
    return measure.count(rows, None if rows.empty else rows["quiet"], left)


@indicator
def on_time(frames: Frames) -> Figure:
    rows, delay, left = delays(frames)
    good = sum(punctuality.punctuality(value) == "on_time" for value in delay)
    return measure.share(rows, good, len(delay), left)


@indicator
def delay(frames: Frames) -> Figure:
    """In minutes."""
    rows, found, left = delays(frames)
    return measure.median(rows, [value / 60 for value in found], left)
