"""A page that is a table: bar, head, table, and a panel at the right when a row is chosen (look.md 4.3)."""

from __future__ import annotations

from typing import Any, Protocol

from app import theme
from app.context import PageContext
from app.guard import guard
from app.text import Text


class Screen(Protocol):
    """The session of such a page."""

    bar: Any
    head: Any
    table: Any
    detail: Any
    shell: Any
    body: Any

    def arrange(self) -> None: ...
    def start(self) -> None: ...


def page(context: PageContext, text: Text, screen: Screen, name: str, places: str, clock: Any = None) -> Any:
    """The page of one session. ``name`` names it in the texts and its grid; ``places`` are its sizes as CSS.

    ``clock`` is the block that chooses the page's moment, in a row of its own above the table.
    """
    between = [] if clock is None else [theme.box(clock, "clock")]
    screen.body = theme.grid(
        theme.box(screen.bar, "bar", overflow="visible", z=20),
        theme.box(screen.head, "head"),
        *between,
        theme.box(screen.table, "table"),
        theme.box(screen.detail, "detail"),
        screen.shell,
        columns="minmax(0,1fr) var(--detail)",
        rows=f"var(--bar) 64px {'52px ' if between else ''}minmax(0,1fr)",
        areas=f"bar bar / head detail / {'clock detail / ' if between else ''}table detail",
        name=name,
        stylesheets=(places,),
    )
    screen.arrange()
    made = theme.page(
        screen.body,
        title=f"{text('product')} · {text(f'pages.{name}')} · {context.city.title(context.language)}",
        language=context.language,
        zone=context.city.timezone,
    )
    screen.start()
    return guard(made)


def press(table: Any, name: str) -> None:
    """What a key does to the table, which keeps its own while it has the focus."""
    told = {
        **{key: {"type": "next", "by": 1} for key in ("down", "next")},
        **{key: {"type": "next", "by": -1} for key in ("up", "previous")},
        "detail": {"type": "open"},
        "table": {"type": "focus"},
    }.get(name)
    if told is not None:
        table.say(told)
