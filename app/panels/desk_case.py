"""One finding: head, room for the map, evidence over the source's health, journal with a field to write in."""

from __future__ import annotations

from app.panels.block import Block


class DeskCase(Block):
    """``data``: id, kind, icon, title, sub, simulated, href, evidence {start, end, times, values, unit, opened, source,
    received, down}, log [{time, who, text}]; or ``empty``. Messages: ``drawn``, ``note`` {text, id}.
    """
