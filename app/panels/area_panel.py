"""The area in the planner's panel: how to choose one, what it holds, and what can be taken along."""

from __future__ import annotations

from app.panels.block import Block


class AreaPanel(Block):
    """``data``: mode (``choose``, ``report``, ``export``; empty closes it), language, note, selected (name of the
    chosen object), shaped (it has an area of its own), metres, hits [{title, sub}], asked, title, report
    (``area_words.content``) with links {page, pdf}, export {query, box, size, focus, visible, n, area, systems,
    formats, notes, clock}.

    Messages: ``tool`` {name}, ``view``, ``around`` {metres}, ``shape``, ``ward`` {q}, ``unit`` {index},
    ``mode`` {name}, ``drop``, ``goto``, ``close``, ``pick`` {service, id}.
    """
