"""One listener a process: hears the database, tells the sessions which services have new rows.

A notification carries only (service, version). Changes of 250 ms are told together, in the session's own turn of
the event loop; a session that is gone is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Protocol

from geodata.errors import VongLauError

log = logging.getLogger(__name__)

Callback = Callable[[Mapping[str, int]], None]


class Changes(Protocol):
    """The part of the Reader that is listened to."""

    def changes(self, *, timeout: float) -> Iterator[tuple[str, int]]: ...
    def versions(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Subscriber:
    """A session that wants to know, and the loop in whose turns it lives."""

    document: Any
    callback: Callback
    loop: asyncio.AbstractEventLoop


class Refresh:
    """``versions`` is what was last heard. ``heard_s`` is the age of the last word from the database, in seconds."""

    def __init__(self, reader: Changes, *, coalesce_s: float = 0.25) -> None:
        self._reader = reader
        self._coalesce_s = coalesce_s
        self._lock = threading.Lock()
        self._versions: dict[str, int] = {}
        self._pending: dict[str, int] = {}
        self._subscribers: dict[object, Subscriber] = {}
        self._heard = monotonic()
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def versions(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._versions)

    @property
    def heard_s(self) -> float:
        return monotonic() - self._heard

    @property
    def sessions(self) -> int:
        with self._lock:
            return len({id(one.document) for one in self._subscribers.values()})

    def start(self) -> None:
        """Read the current versions and begin to listen. Raises what the reader raises."""
        self._note(self._reader.versions())
        for target in (self._listen, self._tell):
            thread = threading.Thread(target=target, name=f"refresh{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback`` in the current session after each change; ends with it, or by the value returned."""
        import panel as pn

        key, doc = object(), pn.state.curdoc
        with self._lock:
            self._subscribers[key] = Subscriber(doc, callback, asyncio.get_running_loop())

        def end() -> None:
            with self._lock:
                self._subscribers.pop(key, None)

        if doc is not None and doc.session_context is not None:
            doc.on_session_destroyed(lambda _context: end())
        return end

    def _note(self, versions: Mapping[str, int]) -> None:
        with self._lock:
            for service, version in versions.items():
                if self._versions.get(service) != version:
                    self._versions[service] = version
                    self._pending[service] = version
            self._heard = monotonic()
            changed = bool(self._pending)
        if changed:
            self._wake.set()

    def _listen(self) -> None:
        down = False
        while not self._stopped.is_set():
            try:
                for service, version in self._reader.changes(timeout=5):
                    self._note({service: version})
                    if self._stopped.is_set():
                        return
                self._note(self._reader.versions())  # what a lost connection may have swallowed
                if down:
                    log.info("database heard again")
                down = False
            except VongLauError as error:
                if not down:
                    log.warning("database not heard: %s", error)
                down = True
                self._stopped.wait(2)

    def _tell(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait()
            self._stopped.wait(self._coalesce_s)
            with self._lock:
                self._wake.clear()
                changes, self._pending = self._pending, {}
                subscribers = list(self._subscribers.items())
            if not changes:
                continue
            for key, one in subscribers:
                try:
                    one.loop.call_soon_threadsafe(self._tell_one, key, one, changes)
                except RuntimeError:  # the loop is closed: the server is going down
                    return

    def _tell_one(self, key: object, one: Subscriber, changes: Mapping[str, int]) -> None:
        """In the event loop: only there may a document's callbacks be touched."""
        try:
            one.document.add_next_tick_callback(partial(one.callback, changes))
        except (AttributeError, RuntimeError, ValueError):  # the session's document is being torn down
            with self._lock:
                self._subscribers.pop(key, None)
