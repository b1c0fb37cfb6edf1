"""What stands over the desk's map: kind and title of the chosen finding."""

from __future__ import annotations

from app.panels.block import Block


class DeskHead(Block):
    """``data``: kind, icon, title, sub, simulated; or ``empty``. Messages: ``drawn``."""
