"""How many indicators need a hand, of which instant they are, and the file of all of them."""

from __future__ import annotations

from app.panels.block import Block


class IndicatorHead(Block):
    """``data``: language, counts [{state, n, word}], sentence, bad, past, simulated. Messages: ``drawn``,
    ``filter`` {q}, ``export``. ``say`` takes {"type": "file", "name", "text"}: the browser keeps it as a file.
    """
