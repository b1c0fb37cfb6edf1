"""Keep a page from costing the process more than its own work, while it lives and after its session has ended.

Three leaks of Panel 1.9.4 with panel-material-ui 0.16.6 and HoloViews 1.23.2, measured by opening and closing
sessions and counting live documents: the notification area stays in ``state._views``; ``Page`` leaves a watcher
on the global ``state.param.busy``; HoloViews plots below a ``Page`` are never cleaned up. Private names are used
because there are no public ones: the versions are pinned, and a test counts documents.

The same watcher costs most of the server's time while pages live: ``busy`` turns twice with every callback of any
session, and each turn walks all models of every page that is open (two thirds of the interpreter's time with one
page, growing with the square of their number). Our pages show no busy sign, so the watcher goes at once.
"""

from __future__ import annotations

from typing import Any, TypeVar

import panel as pn
from panel.io.state import state

P = TypeVar("P")


def guard(page: P) -> P:
    """Take the page off what is shared, register its clean-up with the current session and hand it back."""
    panes = list(page.select(pn.pane.HoloViews))  # type: ignore[attr-defined]
    _unwatch_busy(page)

    def done(session_context: Any) -> None:
        for pane in panes:
            _free_plots(pane)
        _forget_views(session_context)

    pn.state.on_session_destroyed(done)
    return page


def _free_plots(pane: Any) -> None:
    for plot, _ in list(pane._plots.values()):  # noqa: SLF001 - no public name
        if plot is not None:
            plot.cleanup()
    pane._plots.clear()  # noqa: SLF001 - no public name


def _unwatch_busy(page: Any) -> None:
    keep = []
    for names, watcher in page._param__private.ref_watchers:  # noqa: SLF001 - no public name
        if "busy" in names:
            (watcher.inst or watcher.cls).param.unwatch(watcher)
        else:
            keep.append((names, watcher))
    page._param__private.ref_watchers = keep  # noqa: SLF001 - no public name


def _forget_views(session_context: Any) -> None:
    gone = getattr(session_context, "_document", None)
    for key, view in list(state._views.items()):  # noqa: SLF001 - no public name
        document = view[2]
        if document is not None and (
            not hasattr(document, "_roots") or document.session_context is None or document is gone
        ):
            state._views.pop(key, None)  # noqa: SLF001 - no public name
