"""Vessels that fell silent, told apart from feeds that did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from geodata.records import Position
from geodata.rules import feed_health, port, vessel
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Over, Row, Sign, Unknown
from geodata.watch.words import Limits

FISHING = "ship_30"
SERVICE = "fishing_vessels"
AIS = "ais"
AIS_CONFIDENCE = 0.5
"""A vessel that only AIS tells of may have sailed out of the receivers' reach; VMS goes by satellite."""


@rule(SERVICE)
def lost_6h(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Silent at sea for longer than the manual report is due, up to the ten days of ``lost_10d``."""
    yield from _lost(frames, limits["lost_s"], limits["long_lost_s"], limits)
    yield from _heard(frames, "fishing_vessels.lost_6h", limits["lost_s"])


@rule(SERVICE)
def lost_10d(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Silent for longer than a vessel may stay out without its device."""
    yield from _lost(frames, limits["long_lost_s"], limits["forgotten_s"], limits)


def _lost(frames: Frames, from_s: float, to_s: float, limits: Limits) -> Iterable[Sign]:
    fleet = at_sea(frames)
    if fleet.empty:
        return
    sailing = fleet[~fleet["in_port"]]
    health = feed_health.health(sailing["source"], sailing["age_s"], sailing["due_s"])
    told = sailing[sailing["age_s"] > from_s]
    protocol = frames.sources()["protocol"] if len(frames.sources()) else pd.Series(dtype=str)
    for key, row in told.iterrows():
        own = health.get(str(row["source"]))
        if row["feed"] == "down" or (own is not None and not own.ok(limits["least_share"])):
            yield Unknown(str(key))
        elif row["age_s"] <= to_s:
            yield _fires(str(key), row, from_s, own, by_ais=protocol.get(row["source"]) == AIS)


def _heard(frames: Frames, rule_id: str, from_s: float) -> Iterable[Sign]:
    """Of those told as lost: when the silence ended by their own fixes, which may have come hours late."""
    opened = frames.opened(rule_id)
    fleet = at_sea(frames) if opened else None
    for key, since in opened.items():
        if fleet is None or key not in fleet.index or fleet.loc[key, "age_s"] > from_s:
            continue
        fixes = frames.track(SERVICE, key, since - timedelta(seconds=from_s))["time"]
        if len(fixes):
            yield Over(key, fixes.min().to_pydatetime())


def at_sea(frames: Frames) -> Any:
    """The last fix of each fishing vessel, with ``age_s``, ``in_port``, ``length_m`` and ``due_s`` by its length."""
    found = frames.latest(SERVICE, Position)
    if found.empty:
        return found
    fleet = found[found["category"].fillna(FISHING) == FISHING].copy()
    fleet["age_s"] = (pd.Timestamp(frames.at) - fleet["time"]).dt.total_seconds()
    fleet["in_port"] = port.in_port(fleet)
    length = fleet["properties"].map(lambda p: p.get("length_m") if isinstance(p, dict) else None)
    fleet["length_m"] = pd.to_numeric(length, errors="coerce")
    due = [vessel.interval_s(None if np.isnan(m) else float(m)) for m in fleet["length_m"]]
    fleet["due_s"] = pd.Series(due, fleet.index, dtype=float)
    return fleet


def _fires(key: str, row: Any, from_s: float, own: feed_health.Health | None, *, by_ais: bool) -> Fires:
    last = row["time"].to_pydatetime()
    level = None
    if by_ais:
        level = 2
    return Fires(
        key=key,
        since=last + timedelta(seconds=from_s),
        level=level,
        confidence=AIS_CONFIDENCE if by_ais else None,
        geometry=row["geometry"],
        facts={
            "name": str(row["name"] or key),
            "last": last.isoformat(),
            "length_m": None if np.isnan(row["length_m"]) else float(row["length_m"]),
            "sog_kn": _number(row["sog_kn"]),
            "cog_deg": _number(row["cog_deg"]),
            "heard": own.heard if own else None,
            "active": own.active if own else None,
            "by": AIS if by_ais else "vms",
        },
        rows=[Row(SERVICE, "Position", key, last, str(row["source"]))],
        simulated=bool(row["simulated"]),
    )


def _number(value: Any) -> float | None:
    number = pd.to_numeric(value, errors="coerce")
    return None if pd.isna(number) else float(number)
