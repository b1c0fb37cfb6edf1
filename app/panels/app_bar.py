"""The bar of the planner: city, search, pages, language, clock."""

from __future__ import annotations

from app.panels.block import Block


class AppBar(Block):
    """``data``: city, timezone, language, nav [{href, label, current, n}], results [{icon, title, sub}] or None,
    search (False: the page has a field of its own), views (True: views of the page are kept in the browser), city_id.

    Messages: ``search`` {q}, ``pick`` {index}, ``clear``. ``say`` takes {"type": "views"}.
    """
