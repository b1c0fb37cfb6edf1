"""The time of one of two maps, on the map itself."""

from __future__ import annotations

from app.panels.block import Block


class PaneNote(Block):
    """``data``: text, link (names of two figures that are kept at one place); empty shows nothing."""
