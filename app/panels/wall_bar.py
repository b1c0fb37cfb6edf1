"""The bar of the wall: city, scenes, weather, date, clock; a warning that took the wall has it to itself."""

from __future__ import annotations

from app.panels.block import Block


class WallBar(Block):
    """``data``: city, timezone, simulated, weather (wordings, the longest first), scenes [{title, current, ready}],
    alert (None, or {level, svg, titles[], sentences[]} as ``app.panels.wall_warnings.banner`` gives it).
    """
