"""Staff cards: counts of people, never a person. An office with fewer than the minimum cell is in no sum."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Event, Observation, Quality
from geodata.rules import small_numbers
from geodata.watch.frames import Frames

SERVICE = "staff_cards"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def offices(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The newest count of people of each office that is heard of in time, those under the minimum cell left out."""
    found, latest = measure.now(frames, SERVICE), frames.latest(SERVICE, Observation)
    left = dict(found.left_out)
    if latest.empty:
        return latest, left
    own = latest[(latest["observed_property"] == "present") & (latest["quality"] == Quality.MEASURING)]
    own = own[own["id"].isin(found.rows.index) & own["result"].notna()]
    known = frames.city.catalogue().get(SERVICE)
    least = (known.minimum_cell if known else None) or 0
    told = [small_numbers.told(float(n), least) for n in own["result"]]
    return own[told], left | {"too_small": len(own) - sum(told)}


@indicator
def door_alarms(frames: Frames) -> Figure:
    """Alarms of doors of the last hour whose end nobody told, or that go on."""
    found = frames.latest(SERVICE, Event, HOUR)
    if found.empty:
        return measure.figure(found, 0)
    rows, left = measure.parted(found[found["category"] == "door_alarm"])
    now = pd.Timestamp(frames.at)
    until = rows["end_time"].fillna(rows["time"] + HOUR)
    return measure.count(rows[(rows["time"] <= now) & (until > now)], None, left)


@indicator
def readers_offline(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    doors = found.only(found.words("reader_state").notna())
    return doors.count(doors.words("reader_state") == "offline")


@indicator
def present(frames: Frames) -> Figure:
    rows, left = offices(frames)
    return measure.total(rows, list(rows["result"].astype(float)) if len(rows) else [], left)


@indicator
def present_share(frames: Frames) -> Figure:
    """Of the people with a card in use, of the offices that tell both."""
    rows, left = offices(frames)
    whole = rows[rows["denominator"].notna()] if len(rows) else rows
    top, of = (float(whole[name].astype(float).sum()) if len(whole) else 0.0 for name in ("result", "denominator"))
    return measure.share(whole, top, of, left | {"no_value": len(rows) - len(whole)}, sampled=False)
