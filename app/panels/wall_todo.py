"""The wall's first list: what needs a person, by the watch; by the map's own states while no watch looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.panels import wall_findings, wall_rail
from app.panels.wall_have import Have, Shown
from layers.base import layers

if TYPE_CHECKING:
    from geodata.scenes import Block


def block(part: Block, have: Have, first: int) -> Shown:
    """What needs a person, over all services; the head says how many there are."""
    text = have.text
    if have.services and not any(map(have.ready, have.services)):  # nothing is known of a city that nobody reads
        return Shown([wall_rail.listed((), text("wall.todo"), "", text("wall.unconnected"), first)])
    if have.found is not None:
        found = wall_findings.items(have.found, have.city, text, have.now)
        shown = found[: part.most]
        heading = wall_findings.head(found, have.found, text)
        return Shown([wall_rail.listed(shown, text("wall.todo"), heading, text("wall.calm"), first)], shown)
    found = wall_rail.items(list(have.far.values()), have.services, have.text)
    shown = found[: part.most]
    named = [name for name in layers() if have.ready(name)]
    read = sum(name in have.far for name in named)
    if read < len(named):  # just started: calm must not be said before everything was looked at
        heading, calm = text("wall.looking", n=read, total=len(named)), ""
    else:
        heading, calm = wall_rail.head(found, text), text("wall.calm")
    return Shown([wall_rail.listed(shown, text("wall.todo"), heading, calm, first)], shown)
