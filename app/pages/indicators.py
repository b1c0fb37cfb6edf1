"""/indicators: every number of the city with what it rests on, its interval, its target and its law."""

from __future__ import annotations

from typing import Any

from app import theme
from app.context import PageContext
from app.guard import guard
from app.pages.indicators_screen import IndicatorsScreen
from app.text import Text

PATHS = ("/indicators",)

PLACES = """
:host{--bar:48px;--detail:0px}
:host(.chosen){--detail:520px}
@media (max-width:1500px){:host(.chosen){--detail:440px}}
@media (min-width:3000px){:host(.chosen){--detail:760px}}
"""


def build(context: PageContext) -> Any:
    """The page of one session."""
    text = Text(context.language)
    screen = IndicatorsScreen(context, text)
    screen.body = theme.grid(
        theme.box(screen.bar, "bar", overflow="visible", z=20),
        theme.box(screen.head, "head"),
        theme.box(screen.table, "table"),
        theme.box(screen.detail, "detail"),
        screen.shell,
        columns="minmax(0,1fr) var(--detail)",
        rows="var(--bar) 64px minmax(0,1fr)",
        areas="bar bar / head detail / table detail",
        name="indicators",
        stylesheets=(PLACES,),
    )
    screen.arrange()
    page = theme.page(
        screen.body,
        title=f"{text('product')} · {text('pages.indicators')} · {context.city.title(context.language)}",
        language=context.language,
        zone=context.city.timezone,
    )
    screen.start()
    return guard(page)
