"""Buses that fell silent in service, lines that do not run, a network that runs late."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from geodata.records import Event, Observation, Position
from geodata.rules import hearing, incident, punctuality
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "buses"

GONE_HOME_S = 2 * 3600.0
"""A bus not heard of for so long, of which the source does not say that it is in service, has gone home."""

DELAY_HOLDS_S = 1800.0
LEAST = 5


@rule(SERVICE)
def silent(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Buses in service that are not heard of while most of the others are; of a sick feed nothing can be told."""
    found = serving(frames)
    for source, group in found.groupby("source") if len(found) else ():
        key = str(source)
        quiet = group[group["listened_s"] > group["cadence_s"].astype(float) * group["late_factor"].astype(float)]
        sick = len(group) >= LEAST and len(quiet) > (1 - limits["least_share"]) * len(group)
        if (group["feed"] == "down").any() or sick:
            yield Unknown(key)
        elif len(quiet) >= limits["least_n"]:
            since = things.began(frames, "buses.silent", key, quiet["time"].min())
            facts = {"n": len(quiet), "of": len(group), "names": things.names(quiet)}
            yield things.together(SERVICE, key, quiet, since, facts, kind="Position")


@rule(SERVICE)
def lines_stopped(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Lines that do not run, by the operator's own notices, together."""
    found = frames.latest(SERVICE, Event)
    if found.empty:
        return
    grave = [punctuality.notice_level(things.text(c)) > punctuality.NOTICE for c in found["category"]]
    now = pd.Timestamp(frames.at)
    open_ = incident.courses(found, now) == "open"
    own = found[pd.Series(grave, found.index) & open_ & (found["time"] <= now)]
    if len(own) and (own["feed"] == "down").all():
        yield Unknown(SERVICE)
    elif len(own):
        names = [str(title) for title in own["title"].head(things.NAMES_MOST)]
        since = own["time"].min().to_pydatetime()
        yield things.together(SERVICE, SERVICE, own, since, {"n": len(own), "names": names}, kind="Event")


@rule(SERVICE)
def running_late(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A large part of the buses in service runs ten minutes late or more."""
    found, told = serving(frames), frames.latest(SERVICE, Observation)
    if found.empty or told.empty:
        return
    now = pd.Timestamp(frames.at)
    recent = told[(told["observed_property"] == "delay") & ((now - told["time"]).dt.total_seconds() <= DELAY_HOLDS_S)]
    delay = pd.to_numeric(recent.set_index("id")["result"], errors="coerce").reindex(found.index).dropna()
    late = delay[delay >= punctuality.LATE_S]
    if len(delay) >= LEAST and len(late) >= limits["share"] * len(delay):
        own = found.loc[late.index]
        since = things.began(frames, "buses.running_late", SERVICE, own["time"].max())
        facts = {"n": len(late), "of": len(delay), "median_min": round(float(late.median()) / 60)}
        yield things.together(SERVICE, SERVICE, own, since, facts, kind="Position")


def serving(frames: Frames) -> Any:
    """The buses in service, with ``age_s`` and ``listened_s``, the part of it in which their feed was there."""
    found = frames.latest(SERVICE, Position)
    if found.empty:
        return found
    out = found.assign(age_s=(pd.Timestamp(frames.at) - found["time"]).dt.total_seconds())
    out["listened_s"] = out["age_s"] - hearing.unheard_s(out)
    serving = pd.Series([things.more(p).get("in_service") for p in out["properties"]], out.index, dtype=object)
    told = serving.map(lambda value: value is True) & (out["age_s"] <= 3 * GONE_HOME_S)
    home = serving.map(lambda value: value is False) | (~told & (out["age_s"] > GONE_HOME_S))
    return out[~home]
