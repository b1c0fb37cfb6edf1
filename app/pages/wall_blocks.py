"""Which function makes which kind of block (``geodata.scenes.Kind``), and a scene's blocks put together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.panels import (
    fleet,
    wall_cameras,
    wall_counts,
    wall_events,
    wall_tiles,
    wall_todo,
    wall_warnings,
    wall_water,
)
from app.panels.wall_have import Have, Shown, Spot
from geodata.errors import VongLauError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geodata.scenes import Block

log = logging.getLogger(__name__)

Make = Callable[["Block", Have, int], Shown]
"""The block, what there is, the number its first item takes."""

KINDS: Mapping[str, Make] = {
    "todo": wall_todo.block,
    "items": wall_events.block,
    "warnings": wall_warnings.block,
    "fleet": fleet.block,
    "rivers": wall_water.rivers,
    "stations": wall_water.stations,
    "rain": wall_water.rain,
    "wards": wall_counts.wards,
    "inside": wall_counts.inside,
    "counts": wall_counts.counts,
    "usual": wall_counts.usual,
    "cameras": wall_cameras.block,
    "tiles": wall_tiles.block,
}


def shown(blocks: Sequence[Block], have: Have) -> Shown:
    """All blocks of one side of a scene; numbers run on from list to list.

    A block that fails leaves the others alone. ``spots`` are numbers and letters on the map.
    """
    out = Shown()
    for block in blocks:
        made = _made(block, have, len(out.items) + 1)
        if made is None:
            continue
        first = len(out.items) + 1
        looks = {"half": block.half, "compact": block.compact}
        title = block.title(have.text.language)
        for section in made.sections:
            out.sections.append({**section, **looks, **({"title": title} if title and section.get("title") else {})})
        out.items += made.items
        out.spots += [
            Spot(str(n), "callout", item.level, "unknown" if item.unknown or not item.level else "fresh", item.place)
            for n, item in enumerate(made.items, first)
        ]
        out.spots += made.spots
    return out


def _made(block: Block, have: Have, first: int) -> Shown | None:
    """The block; what it showed last when the database is away or the block fails."""
    key = ("last", have.scene.id, block)
    try:
        return have.memory.keep(key, 0, lambda: KINDS[block.kind](block, have, first))
    except VongLauError as error:
        log.warning("wall block %s: %s", block.kind, error)
    except Exception:  # one block's mistake must not take the wall down; it is logged with its trace
        log.exception("wall block %s failed", block.kind)
    found: Shown | None = have.memory.last(key)
    return found
