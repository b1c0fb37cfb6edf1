"""How many sources are well, and the one sentence that explains those that are not."""

from __future__ import annotations

from app.panels.block import Block


class SourceHead(Block):
    """``data``: language, counts [{state, n, word}], sentence, bad, simulated. Messages: ``drawn``, ``filter`` {q}."""
