"""Outages at their cause: a feeder, a station, a pump; what else fails of a kind together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geodata.records import Thing
from geodata.rules import parents, upstream, utility
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "public_utilities"

LAMPS = ("lamps", "so_den")
ALONE = frozenset({"pump"})
"""Conditions that are told each by itself: a drowned street waits for that one pump."""

COUNTED = ("fault", "phase", "pressure", "loss", "lamps_many")


@rule(SERVICE)
def outage(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """What is lost with the asset above it: one finding at the topmost that failed."""
    found, stands = things.heard(frames, SERVICE), frames.latest(SERVICE, Thing)
    failed = failed_assets(frames, found)
    known = found[found["state"] != "unknown"]
    for parent, n in failed.failed.items():
        own = known[known.index.isin([key for key, cause in failed.because.items() if cause == parent])]
        if n and len(own):
            name = things.text(stands.loc[parent, "name"]) if parent in stands.index else None
            since = things.began(frames, "public_utilities.outage", parent, own["time"].max())
            facts = {"name": name or parent, "n": n, "names": things.names(own)}
            level = 3 if n >= upstream.WIDE else None
            yield things.together(SERVICE, parent, own, since, facts, level=level)


@rule(SERVICE)
def faults(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Failed pumps each by itself; other faults of one kind together, from a few on."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    elsewhere = failed_assets(frames, found)
    found = found[found["state"].isin(["fresh", "late"]) & ~found.index.isin([*elsewhere.because, *elsewhere.failed])]
    if found.empty:
        return
    for name, group in found.groupby(conditions(found, told)):
        if name in ALONE:
            for key in group.index:
                yield _fault(frames, str(key), str(name), group.loc[[key]])
        elif name in COUNTED and len(group) >= limits["least_n"]:
            yield _fault(frames, str(name), str(name), group)


def conditions(found: pd.DataFrame, told: Mapping[str, Mapping[str, float | str]]) -> pd.Series[Any]:
    """What each thing is in (``geodata.rules.utility``), by its newest results."""
    words = []
    for key, more in zip(found.index, found["properties"], strict=True):
        lamps = next((n for name in LAMPS if (n := things.number(things.more(more).get(name))) is not None), None)
        words.append(utility.condition(told.get(str(key), {}), lamps))
    return pd.Series(words, found.index, dtype=object)


def failed_assets(frames: Frames, found: pd.DataFrame) -> upstream.Outage:
    """Which assets failed with all below them; of what a lost feed brings nothing is told."""
    stands = frames.latest(SERVICE, Thing)
    if found.empty or stands.empty:
        return upstream.Outage({}, {})
    fault = {key for key, own in things.results(frames, SERVICE).items() if own.get("status") == "fault"}
    down = set(found.index[found["state"] == "unknown"])
    above = parents.parents(zip(stands.index.astype(str), stands["properties"], strict=True))
    above = {key: parent for key, parent in above.items() if key not in down}
    lost = {*found.index[found["state"] == "silent"], *(fault - down)}
    over = set(above.values())
    return upstream.outage(above, lost, fault & over, mute=over - set(found.index))


def _fault(frames: Frames, key: str, condition: str, group: pd.DataFrame) -> Sign:
    since = things.began(frames, "public_utilities.faults", key, group["time"].max())
    facts = {"condition": condition, "n": len(group), "names": things.names(group)}
    return things.together(SERVICE, key, group, since, facts, level=utility.LEVELS[condition])
