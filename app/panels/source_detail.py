"""One source: the verdict in words, whose it is, its faults of today, what was refused, what to type."""

from __future__ import annotations

from app.panels.block import Block


class SourceDetail(Block):
    """``data``: id, kind, icon, title, sub, timezone, state, verdict {head, why, works, t, svg}, broken, raw,
    numbers [{label, value, note}], depends [text], facts [{label, value}], faults [{span, long, why}] or None,
    rejected [{reason, word, n, note, time, detail, payload, size}], private, commands [{label, line}]; or id and
    ``gone``. Empty closes it. Messages: ``drawn``, ``close``.
    """
