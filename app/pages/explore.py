"""/explore: the planner's map. Layers left, map with its clock and table in the middle, the chosen object right."""

from __future__ import annotations

from typing import Any

import panel as pn

from app import theme
from app.context import PageContext
from app.guard import guard
from app.pages.planner import Planner
from app.text import Text

PATHS = ("/explore",)

COLUMNS = "332px minmax(0,1fr) auto"
ROWS = "48px minmax(0,1fr) 72px auto"
AREAS = "bar bar bar / tree map detail / tree clock detail / tree table detail"

NARROW = """
:host(.full-map){grid-template-columns:0 minmax(0,1fr) 0!important;grid-template-rows:0 minmax(0,1fr) 0 0!important}
@media (max-width:1400px){:host(:not(.full-map)){grid-template-columns:48px minmax(0,1fr) auto!important}}
"""


def build(context: PageContext) -> Any:
    """The page of one session."""
    text = Text(context.language)
    planner = Planner(context, text)
    map_pane = pn.pane.Bokeh(planner.map.figure, margin=0, sizing_mode="stretch_both")
    body = theme.grid(
        theme.box(planner.bar, "bar", overflow="visible", z=20),
        theme.box(planner.tree, "tree"),
        theme.box(map_pane, "map"),
        theme.box(planner.frame, "map", z=5),
        theme.box(planner.clock, "clock"),
        theme.box(planner.table, "table"),
        theme.box(planner.detail, "detail"),
        planner.shell,
        columns=COLUMNS,
        rows=ROWS,
        areas=AREAS,
        name="explore",
        stylesheets=(NARROW,),
    )
    planner.body = body
    planner.arrange()
    page = theme.page(
        body, title=f"{text('product')} · {context.city.title(context.language)}", language=context.language
    )
    planner.start()
    return guard(page)
