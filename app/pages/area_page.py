"""/report as a page of its own: light, one column of A4, nothing but HTML, so that it prints and can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from app.pages import area_letters
from layers import palette

if TYPE_CHECKING:
    from app.text import Text

BAR_W, BAR_H, GAP = 4, 26, 1


def html(content: Mapping[str, Any], links: Mapping[str, str], text: Text) -> str:
    """The page of a report's content (``area_words.content``); ``links``: picture, pdf, map."""
    words = text.table("report") | {"product": text("product"), "attribution": text("map.attribution", basemap="GSHHG")}
    return _template().render(
        r=content,
        w=words,
        links=links,
        language=text.language,
        tokens=Markup(palette.css()),  # noqa: S704 - our own constants
        letters=Markup(area_letters.css()),  # noqa: S704 - our own constants
        bars=lambda bins: Markup(bars(bins)),  # noqa: S704 - numbers only
        drawn=Markup,  # given only marks of layers.marks, which escapes words
        abnormal=lambda n: text("report.abnormal_n", n=n),
    )


def bars(bins: list[int]) -> str:
    """The counts of the window as small bars; nothing for a window without any."""
    most = max(bins, default=0)
    if not most:
        return ""
    width = len(bins) * (BAR_W + GAP)
    parts = [
        f'<rect x="{i * (BAR_W + GAP)}" y="{BAR_H - max(1.0, n / most * BAR_H):.1f}" width="{BAR_W}" '
        f'height="{max(1.0, n / most * BAR_H):.1f}" fill="var(--{"line-2" if n else "line-1"})"/>'
        for i, n in enumerate(bins)
    ]
    return f'<svg width="{width}" height="{BAR_H}" aria-hidden="true">{"".join(parts)}</svg>'


@cache
def _template() -> Template:
    source = files("app").joinpath("assets/report.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        source
    )
