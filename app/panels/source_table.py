"""Every source in a row: how old, how late, its last day, and whether its sums close."""

from __future__ import annotations

from app.panels.block import Block


class SourceTable(Block):
    """``data``: language, timezone, read, stale, selected, groups [{title, rows [{id, state, word, svg, name, sub,
    protocol, t, cadence, lag, lag_n, strip, sums, closes, warning, version, find}]}].

    ``strip`` has a letter a cell: ``.`` none, ``1`` … ``9`` height, ``a`` … ``i`` the same with a fault, ``x`` down.
    Messages: ``drawn``, ``pick`` {id}. ``say`` takes {"type": "filter", "q"}, {"type": "next", "by": ±1},
    {"type": "open"}, {"type": "focus"}.
    """
