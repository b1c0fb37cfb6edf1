"""/indicators: every number of the city with what it rests on, its interval, its target and its law."""

from __future__ import annotations

from typing import Any

from app.context import PageContext
from app.pages import listed
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
    return listed.page(context, text, screen, "indicators", PLACES, screen.clock.control)
