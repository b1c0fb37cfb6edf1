"""Bodies that miss their targets, with how many they are of; few targets say nothing."""

from __future__ import annotations

from collections.abc import Iterable

from geodata.records import Observation
from geodata.rules import target
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "government_performance"
MET, PLAN = "targets_met", "targets_met_plan"


@rule(SERVICE)
def missed(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Bodies with a whole target or more missing to their plan: together."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    latest = frames.latest(SERVICE, Observation)
    of = latest[latest["observed_property"] == MET].set_index("id")
    kept = []
    for key in found.index[found["state"].isin(["fresh", "late"])]:
        if key not in of.index:
            continue
        own = told.get(str(key), {})
        done, all_ = (things.number(of.loc[key, name]) for name in ("numerator", "denominator"))
        if target.level(things.number(own.get(MET)), things.number(own.get(PLAN)), done, all_):
            kept.append(key)
    if kept:
        group = found.loc[kept]
        since = things.began(frames, "government_performance.missed", SERVICE, group["time"].max())
        facts = {"n": len(group), "of": len(of), "names": things.names(group)}
        yield things.together(SERVICE, SERVICE, group, since, facts)
