"""Reading off the event loop: a session's thread waits for the database, the session's own turn shows what it read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import panel as pn

log = logging.getLogger(__name__)

T = TypeVar("T")


class Background:
    """Work of one session, in order. Of several pieces under one name only the newest is shown."""

    def __init__(self) -> None:
        self._document = pn.state.curdoc
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="session")
        self._newest: dict[str, int] = {}
        self._closed = False
        if self._document is not None and self._document.session_context is not None:
            pn.state.on_session_destroyed(lambda _context: self.close())

    def run(self, name: str, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do ``work`` in the thread, then call ``then`` with its value under the document's lock."""
        if self._closed:
            return
        number = self._newest.get(name, 0) + 1
        self._newest[name] = number
        if self._document is None or self._document.session_context is None:
            then(work())
            return
        self._pool.submit(self._unless_old, name, number, work).add_done_callback(
            partial(self._deliver, name, number, then)
        )

    def _unless_old(self, name: str, number: int, work: Callable[[], T]) -> T | None:
        return None if self._closed or self._newest.get(name) != number else work()

    def _deliver(self, name: str, number: int, then: Callable[[Any], None], future: Future[Any]) -> None:
        if self._closed or future.cancelled() or self._newest.get(name) != number:
            return
        if (error := future.exception()) is not None:
            log.error("%s failed", name, exc_info=error)
            return
        try:
            self._document.add_next_tick_callback(partial(self._show, name, number, then, future.result()))
        except (AttributeError, RuntimeError, ValueError):  # the document is being torn down
            self.close()

    def _show(self, name: str, number: int, then: Callable[[Any], None], value: Any) -> None:
        if not self._closed and self._newest.get(name) == number:
            then(value)

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
