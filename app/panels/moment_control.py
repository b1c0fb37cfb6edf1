"""The clock of a page that is a table: live or one past moment, and as known now or as known then (look.md 5)."""

from __future__ import annotations

from app.panels.block import Block


class MomentControl(Block):
    """``data``: drawn, timezone, live, at (epoch s of the past moment), as_known, known (the other moment that a link
    asks to be known at, in words, or ""), wrong (why what was asked is no moment, or None).

    Messages: ``drawn``, ``live``, ``at`` {text}, ``ago`` {seconds: before now}, ``step`` {by: seconds}, ``known``.
    """
