"""The filters that hold, as chips on the map; a chip takes its filter away."""

from __future__ import annotations

from app.panels.block import Block


class FilterChips(Block):
    """``data``: chips [{service, column, value, title}], note. Messages: ``filter`` (the chip's own), ``unfilter``."""
