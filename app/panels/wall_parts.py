"""One side of a wall scene: its blocks one under the other, as many rows of them as fit whole."""

from __future__ import annotations

from app.panels.block import Block


class WallParts(Block):
    """``data``: timezone, side ("rail" or "low"), sections. A section has ``kind`` and

    list: title, head, calm, items [{n, title[], sub[], level, svg, t}] ·
    facts: title, head, rows [{value, unit, label[], note, level}] · table: title, head, rows [{svg, name[], value,
    note, trend}] · shares: title, rows [{label, value, note}] · river: see ``app.panels.river.content`` ·
    note: title, line · cameras: columns, shots [{letter, name[], url, word[], t, level, state}] ·
    tiles: columns, rows, big, tiles [{id, icon, title, state, level, value, label[], second, trend, sources, t, svg}].

    Words in a list are wordings of one thing, the longest first: the first that fits whole is shown.
    """
