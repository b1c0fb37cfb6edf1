"""Open incidents of a service as findings: those of one kind together, by the worst of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pandas as pd

from geodata.records import Event
from geodata.rules import incident
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.signs import Sign, Unknown

OPEN_FOR = timedelta(days=30)
"""Longer ago a desk has forgotten to close it."""


def by_kind(frames: Frames, service: str, least_level: int, rule_id: str) -> Iterable[Sign]:
    """The open incidents from a level on; key is the category. An unrated one asks for no more than it says."""
    found = frames.latest(service, Event, OPEN_FOR)
    if found.empty:
        return
    now = pd.Timestamp(frames.at)
    level = pd.Series([incident.level(things.number(s)) for s in found["severity"]], found.index)
    own = found[(incident.courses(found, now) == "open") & (level >= least_level) & (found["time"] <= now)]
    for name, group in own.groupby(own["category"].fillna("other")):
        up = group[group["feed"] != "down"]
        if up.empty:
            yield Unknown(str(name))
            continue
        facts = {
            "category": things.category(frames, service, str(name)),
            "n": len(up),
            "wards": things.counted(pd.Series([things.more(p).get("ward") for p in up["properties"]], dtype=object)),
            "newest": up["time"].max().isoformat(),
        }
        ordered = up.sort_values("time", ascending=False)
        since = things.began(frames, rule_id, str(name), up["time"].min())
        worst = int(level[up.index].max())
        yield things.together(service, str(name), ordered, since, facts, level=worst, kind="Event")
