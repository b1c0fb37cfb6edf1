"""The desk's queue: what needs a person, worst first; what was closed in the shift; the desk's own figures."""

from __future__ import annotations

from app.panels.block import Block


class DeskQueue(Block):
    """``data``: timezone, read, away, blind, which, n, new, mine, selected, rows and asleep [{id, title, sub, level,
    unknown, svg, t, new, state}], ended [{time, text}], n_ended, figures [{value, label}].

    Messages: ``drawn``, ``pick`` {id}, ``which`` {which}, ``handover``.
    """
