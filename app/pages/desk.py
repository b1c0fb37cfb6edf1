"""/desk: the duty desk. What needs a person left, the chosen one in the middle, what can be done about it right."""

from __future__ import annotations

from typing import Any

import panel as pn

from app import theme
from app.context import PageContext
from app.guard import guard
from app.pages.desk_screen import DeskScreen
from app.text import Text

PATHS = ("/desk",)

PLACES = """
:host{--bar:48px;--left:500px;--side:470px;--map:560px}
@media (max-width:1600px){:host{--left:380px;--side:380px}}
@media (max-height:900px){:host{--map:minmax(200px,46vh)}}
@media (min-width:3000px){:host{--left:620px;--side:600px}}
@media (min-height:1800px){:host{--map:minmax(560px,1fr)}}
"""
"""Sizes at 1920 × 1080 (look.md 4.4)."""


def build(context: PageContext) -> Any:
    """The page of one session."""
    text = Text(context.language)
    screen = DeskScreen(context, text)
    pane = pn.pane.Bokeh(screen.map.map.figure, margin=0, sizing_mode="stretch_both")
    screen.body = theme.grid(
        theme.box(screen.bar, "bar", overflow="visible", z=20),
        theme.box(screen.list, "list"),
        theme.box(screen.head, "head"),
        theme.box(pane, "map"),
        theme.box(screen.map.frame, "map", z=5),
        theme.box(screen.middle, "case"),
        theme.box(screen.side, "side", z=10),
        screen.shell,
        columns="var(--left) minmax(0,1fr) var(--side)",
        rows="var(--bar) 56px var(--map) minmax(0,1fr)",
        areas="bar bar bar / list head side / list map side / list case side",
        name="desk",
        stylesheets=(PLACES,),
    )
    page = theme.page(
        screen.body,
        title=f"{text('product')} · {text('pages.desk')} · {context.city.title(context.language)}",
        language=context.language,
        zone=context.city.timezone,
    )
    screen.start()
    return guard(page)
