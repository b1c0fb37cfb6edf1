"""/sources: every feed of the city. What comes, what does not and why, and what was refused on the way."""

from __future__ import annotations

from typing import Any

from app.context import PageContext
from app.pages import listed
from app.pages.sources_screen import SourcesScreen
from app.text import Text

PATHS = ("/sources",)

PLACES = """
:host{--bar:48px;--detail:0px}
:host(.chosen){--detail:480px}
@media (max-width:1500px){:host(.chosen){--detail:420px}}
"""
"""Sizes at 1920 × 1080 (look.md 4.3); the panel takes its 480 px when a source is chosen."""


def build(context: PageContext) -> Any:
    """The page of one session."""
    text = Text(context.language)
    return listed.page(context, text, SourcesScreen(context, text), "sources", PLACES)
