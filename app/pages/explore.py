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

PLACES = """
:host{--bar:48px;--tree:332px;--clock:72px;--table:232px;--detail:0px;--second:0px}
:host(.beside){--second:minmax(0,1fr)}
:host(.chosen){--detail:392px}
:host(.folded){--table:44px}
@media (max-width:1400px){:host{--tree:48px}:host(.chosen){--detail:360px}}
@media (max-height:800px){:host(:not(.unfolded)){--table:44px}}
:host(.full-map){--bar:0px;--tree:0px;--clock:0px;--table:0px;--detail:0px}
"""
"""Sizes at 1920 × 1080; at 1366 × 768 the tree is a rail of icons and the table its head (look.md 4.2)."""

AREAS = "bar bar bar bar / tree map second detail / tree clock clock detail / tree table table detail"


def build(context: PageContext) -> Any:
    """The page of one session."""
    text = Text(context.language)
    planner = Planner(context, text)
    map_pane = pn.pane.Bokeh(planner.map.figure, margin=0, sizing_mode="stretch_both")
    planner.body = theme.grid(
        theme.box(planner.bar, "bar", overflow="visible", z=20),
        theme.box(planner.tree, "tree"),
        theme.box(map_pane, "map"),
        theme.box(planner.frame, "map", z=5),
        theme.box(planner.sieve.chips, "map", z=6),
        theme.box(planner.beside.notes[0], "map", z=6),
        theme.box(planner.beside.notes[1], "second", z=6),
        theme.box(planner.hand.control, "clock", overflow="visible", z=15),
        theme.box(planner.table, "table"),
        theme.box(planner.detail, "detail"),
        theme.box(planner.area.tools, "map", z=7),
        theme.box(planner.area.panel, "detail", z=1),
        planner.shell,
        columns="var(--tree) minmax(0,1fr) var(--second) var(--detail)",
        rows="var(--bar) minmax(0,1fr) var(--clock) var(--table)",
        areas=AREAS,
        name="explore",
        stylesheets=(PLACES,),
    )
    planner.beside.arrange()
    title = f"{text('product')} · {context.city.title(context.language)}"
    page = theme.page(planner.body, title=title, language=context.language, zone=context.city.timezone)
    planner.start()
    return guard(page)
