"""What can be done about a finding: level, facts, checklist, acknowledge, assign, snooze, close, and its rule."""

from __future__ import annotations

from app.panels.block import Block


class DeskSide(Block):
    """``data``: id, level, svg, head, opened, noticed, t, new, who, unknown, confidence, facts [{label, value}],
    steps {title, basis, rows [{id, title, note, done, next}]}, asleep, agencies [{id, title}], rule {line, definition,
    limits [{text, name, law, believed}]}. Messages: ``drawn``, ``act`` {what, detail, id}.
    """
