"""/sources: every feed of the city. What comes, what does not and why, and what was refused on the way."""

from __future__ import annotations

from typing import Any

from app import theme
from app.context import PageContext
from app.guard import guard
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
    screen = SourcesScreen(context, text)
    screen.body = theme.grid(
        theme.box(screen.bar, "bar", overflow="visible", z=20),
        theme.box(screen.head, "head"),
        theme.box(screen.table, "table"),
        theme.box(screen.detail, "detail"),
        screen.shell,
        columns="minmax(0,1fr) var(--detail)",
        rows="var(--bar) 64px minmax(0,1fr)",
        areas="bar bar / head detail / table detail",
        name="sources",
        stylesheets=(PLACES,),
    )
    screen.arrange()
    page = theme.page(
        screen.body,
        title=f"{text('product')} · {text('pages.sources')} · {context.city.title(context.language)}",
        language=context.language,
        zone=context.city.timezone,
    )
    screen.start()
    return guard(page)
