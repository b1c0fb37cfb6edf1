"""One indicator: its number, what it counts, what it rests on, its targets and law, how it was, its text as it runs."""

from __future__ import annotations

from app.panels.block import Block


class IndicatorDetail(Block):
    """``data``: id, icon, kind, title, sub, state, level, svg, value, unit, word, error, definition, version,
    simulated, facts [{label, value}], parts and left [{label, value}], targets and laws [{ref, about, since, doubt}],
    past [{t, value, n}], query, command, notebook, timezone. Empty closes it. Messages: ``drawn``, ``close``.
    """
