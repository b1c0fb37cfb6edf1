"""One cause, one alert: which parent explains what is lost below it (services.md: outage grouped by upstream asset).

A parent has failed when it says so itself, or when nothing below it is heard of any more. This program's own rule; the
limit ``LEAST`` keeps one broken modem from being called an outage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

LEAST = 3
"""Fewest things below a parent, all of them lost, from which its own failure is inferred."""

WIDE = 8
"""From so many things lost below one parent its outage is urgent."""


@dataclass(frozen=True, slots=True)
class Outage:
    """``failed``: topmost parent to how many things are lost below it. ``because``: what is lost to that parent."""

    failed: Mapping[str, int]
    because: Mapping[str, str]


def above(thing: str, parents: Mapping[str, str]) -> list[str]:
    """The parents of a thing, the nearest first; a circle in the data ends where it closes."""
    found: list[str] = []
    at = parents.get(thing)
    while at is not None and at not in found and at != thing:
        found.append(at)
        at = parents.get(at)
    return found


def outage(
    parents: Mapping[str, str],
    lost: Collection[str],
    told: Collection[str] = (),
    *,
    mute: Collection[str] = (),
    least: int = LEAST,
) -> Outage:
    """What is lost because of what.

    ``parents``: thing to the thing it hangs on. ``lost``: things that are not heard of or not reached. ``told``: things
    that report their own failure. ``mute``: parents that never report (a feeder): only these are inferred.
    """
    lost, told, mute = set(lost), set(told), set(mute)
    leaves = {thing for thing in {*parents, *lost} if thing not in mute}
    below: dict[str, set[str]] = {}
    for thing in leaves:
        for parent in above(thing, parents):
            below.setdefault(parent, set()).add(thing)
    failed = {p for p, own in below.items() if p in mute and len(own) >= least and own <= lost} | (told & set(below))
    because = {
        thing: over[-1] for thing in lost | failed if (over := [p for p in above(thing, parents) if p in failed])
    }
    gone = [because[thing] for thing in lost if thing in because]
    return Outage({parent: gone.count(parent) for parent in failed if parent not in because}, because)
