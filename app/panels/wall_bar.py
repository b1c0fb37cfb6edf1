"""The bar of the wall: city, scenes, simulated tag, date, clock."""

from __future__ import annotations

from app.panels.block import Block


class WallBar(Block):
    """``data``: city, timezone, simulated, scenes [{title, current, ready}]."""
