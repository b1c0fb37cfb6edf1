"""Reading off the event loop: a session's thread waits for the database, the session's own turn shows what it read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import panel as pn

log = logging.getLogger(__name__)

T = TypeVar("T")
Piece = tuple[Callable[[], Any], Callable[[Any], None]]

PAUSE_MS, SOON_MS = 400, 20
"""Between two pieces of one name: a feed that never rests must not keep a session busy, nor starve the page. What a
hand asked for comes soon.
"""


class Background:
    """Work of one session. Under a name one piece runs and the newest of those asked for meanwhile comes after it."""

    def __init__(self) -> None:
        self._document = pn.state.curdoc
        self._served = self._document is not None and self._document.session_context is not None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="session")
        self._running: set[str] = set()
        self._waiting: dict[str, Piece] = {}
        self._urgent: set[str] = set()
        self._closed = False
        if self._served:
            self._loop = asyncio.get_running_loop()
            pn.state.on_session_destroyed(lambda _context: self.close())

    @property
    def watched(self) -> bool:
        """Whether a browser is there: a session outlives its connection for a while."""
        if not self._served or self._document.session_context is None:
            return not self._served
        session = getattr(self._document.session_context, "session", None)
        return session is None or session.connection_count > 0

    def run(self, name: str, work: Callable[[], T], then: Callable[[T], None], *, urgent: bool = False) -> None:
        """Do ``work`` in the thread, then call ``then`` with its value under the document's lock.

        ``urgent`` work that has to wait for another piece of its name follows it without the usual pause.
        """
        if self._closed:
            return
        if not self._served:
            then(work())
        elif name in self._running:
            self._waiting[name] = (work, then)
            if urgent:
                self._urgent.add(name)
        else:
            self._running.add(name)
            self._pool.submit(work).add_done_callback(partial(self._done, name, then))

    def _done(self, name: str, then: Callable[[Any], None], future: Future[Any]) -> None:
        """In the thread: hand the value to the session's turn."""
        if self._closed or future.cancelled():
            return
        try:
            self._loop.call_soon_threadsafe(self._hand_over, name, then, future)
        except RuntimeError:  # the server is stopping: its loop is closed
            self.close()

    def _hand_over(self, name: str, then: Callable[[Any], None], future: Future[Any]) -> None:
        """In the loop's thread, the only one that may touch the document's callbacks without a race."""
        if not self._closed:
            self._document.add_next_tick_callback(partial(self._show, name, then, future))

    def _show(self, name: str, then: Callable[[Any], None], future: Future[Any]) -> None:
        if self._closed:
            return
        try:
            if (error := future.exception()) is not None:
                log.error("%s failed", name, exc_info=error)
            else:
                then(future.result())
        finally:
            pause = SOON_MS if name in self._urgent else PAUSE_MS
            self._urgent.discard(name)
            self._document.add_timeout_callback(partial(self._next, name), pause)

    def _next(self, name: str) -> None:
        self._running.discard(name)
        if (piece := self._waiting.pop(name, None)) is not None:
            self.run(name, *piece)

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
