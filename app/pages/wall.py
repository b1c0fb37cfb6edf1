"""/wall and /wall/{scene}: the picture wall. Nobody touches it, it never scrolls, and it mends itself.

All sizes are in u = picture height / 108 times the city's ``wall.scale`` (look.md 3.3): the same page fills 4K, 8K
and, at half the size, a desk screen, and may be spread over several browsers (``wall_part``).
"""

from __future__ import annotations

from typing import Any

import panel as pn

from app import theme
from app.context import PageContext
from app.guard import guard
from app.pages.wall_screen import Screen
from app.text import Text

PATHS = ("/wall", "/wall/{scene}")

COLUMNS = "minmax(0,1fr) min(calc(var(--rail) * var(--u)), 66%)"
ROWS = "calc(var(--bar) * var(--u)) minmax(0,1fr) calc(var(--low) * var(--u)) calc(4.6 * var(--u))"
AREAS = "bar bar / map rail / low low / foot foot"

STILL = """
:host{cursor:none;pointer-events:none;gap:calc(.1 * var(--u))}
"""


def build(context: PageContext) -> Any:
    """The page of one screen."""
    text = Text(context.language)
    screen = Screen(context, text)
    body = _whole(screen)
    body.styles = {**body.styles, **screen.part.styles(context.city.wall.scale)}
    screen.body = body
    screen.arrange()
    page = theme.page(body, title=f"{text('product')} · {text('pages.wall')}", language=context.language)
    screen.start()
    return guard(page)


def _whole(screen: Screen) -> Any:
    """The grid of every scene; ``Screen.arrange`` gives it its sizes."""
    map_pane = pn.pane.Bokeh(screen.map.figure, margin=0, sizing_mode="stretch_both")
    return theme.grid(
        theme.box(screen.bar, "bar"),
        theme.box(map_pane, "map"),
        theme.box(screen.inset, "map", z=4),
        theme.box(screen.frame, "map", z=5),
        theme.box(screen.rail, "rail"),
        theme.box(screen.low, "low"),
        theme.box(screen.footer, "foot"),
        screen.watchdog,
        columns=COLUMNS,
        rows=ROWS,
        areas=AREAS,
        name="wall",
        stylesheets=(STILL,),
    )
