"""Every indicator in a row: value, interval, n, target and whether it is met, how it went, its age, its law."""

from __future__ import annotations

from app.panels.block import Block


class IndicatorTable(Block):
    """``data``: language, timezone, selected, stale, clock (epoch seconds of a past page, None live), groups [{id,
    title, ready, rows [{id, state, level, svg, name, sub, word, value, unit, interval, n, target, met, met_word, spark,
    before, t, at, law, doubt, find}]}]. A row of state ``reading`` has its name only.

    Messages: ``drawn``, ``pick`` {id}. ``say`` takes {"type": "filter", "q": act | missed | unknown | known},
    {"type": "next", "by": ±1}, {"type": "open"}, {"type": "focus"}.
    """
