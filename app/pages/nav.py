"""The way from one page to the others, as the bar shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.text import Text

PAGES = ("explore", "desk", "indicators", "sources", "wall")


def links(text: Text, current: str, counts: dict[str, int] | None = None) -> list[dict[str, Any]]:
    """A link for each page in the page's language; ``counts`` stand beside a name, none for nothing."""
    suffix = "?lang=en" if text.language == "en" else ""
    found = []
    for page in PAGES:
        count = {"n": n} if (n := (counts or {}).get(page)) else {}
        link = {"href": f"/{page}{suffix}", "label": text(f"pages.{page}"), "current": page == current}
        found.append(link | count)
    return found
