"""The bar of the wall: city, scenes, simulated tag, date, clock."""

from __future__ import annotations

from app.panels.block import Block, script, style


class WallBar(Block):
    """``data``: city, timezone, simulated, scenes [{title, current, ready}]."""

    _esm = script("wall_bar")
    _stylesheets = [style("wall_bar")]
