"""A wall mends itself: it notices a lost server, says so in a band, and loads itself again."""

from __future__ import annotations

from app.panels.block import Block


class Watchdog(Block):
    """``data``: build, timezone, every_s. ``say({"type": "beat"})`` at least once a minute, else the page reloads."""
