"""The shell every page shares: theme, base stylesheet, grid and boxes. All colours come from ``layers.palette``."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import panel as pn
import panel_material_ui as pmui

from app.page_template import template
from layers import palette
from layers.words import Language

BARE = {"& > .header": {"display": "none"}, "& .main > div > .MuiToolbar-root": {"display": "none"}}
"""``sx`` of a Page whose own bar is hidden: ours is 48 px high, the built-in one 64."""

BASE_CSS = """
html,body{margin:0;height:100%;overflow:hidden;background:var(--bg-0);color:var(--text-1);
  font-family:var(--font);font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
.bk-events:focus{outline:none}
.bk-events:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
#loader{background:var(--bg-0)}
.spinner{display:none}
.vonglau-lost{position:fixed;left:50%;bottom:48px;transform:translateX(-50%);z-index:10000;padding:10px 20px;
  border-radius:var(--radius-control);
  background:var(--level-3);color:var(--bg-0);font:600 14px var(--font)}
"""


def box(block: Any, area: str, *, overflow: str = "hidden", z: int = 0) -> Any:
    """Put a component into a named area of the grid; it fills the area and never makes the page scroll."""
    block.sizing_mode = "stretch_both"
    block.margin = 0
    block.styles = {
        **block.styles,
        "grid-area": area,
        "min-width": "0",
        "min-height": "0",
        "overflow": overflow,
        "z-index": str(z),
    }
    return block


def grid(*blocks: Any, columns: str, rows: str, areas: str, name: str = "", stylesheets: tuple[str, ...] = ()) -> Any:
    """The one grid of a page, as large as the window. ``areas`` as CSS has it, rows parted by ``/``."""
    return pn.Column(
        *blocks,
        margin=0,
        sizing_mode="stretch_both",
        css_classes=[name] if name else [],
        stylesheets=list(stylesheets),
        styles={
            "display": "grid",
            "width": "100vw",
            "height": "100vh",
            "overflow": "hidden",
            "background": "var(--line-1)" if name == "wall" else "var(--bg-0)",
            "grid-template-columns": columns,
            "grid-template-rows": rows,
            "grid-template-areas": " ".join(f'"{row.strip()}"' for row in areas.split("/")),
        },
    )


def page(body: Any, *, title: str, language: Language, zone: str | None = None) -> Any:
    """The grid as a whole page: dark, own bar hidden, ``lang`` set, nothing fetched from elsewhere. ``zone``: time
    zone of the band that says when the server is lost; None: the page has its own.
    """
    return pmui.Page(
        main=[body],
        title=title,
        theme_config=palette.mui(),
        dark_theme=True,
        theme_toggle=False,
        busy_indicator=None,
        sx=BARE,
        template=template(language, zone),
        raw_css=[palette.css(), BASE_CSS],
        tags=[f"session-{uuid4()}"],  # by which link.js knows that it is joined to the session that it shows
    )
