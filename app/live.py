"""What the sessions of a process read together: one reading for all who ask for the same rows at the same version.

A wall of ten screens, or twenty planners who open the same link, ask for the same things within a moment. The first
one's reading is handed to the others. It serves only those who ask at the version it was read at: a change in the
database makes a new reading, so nobody sees less than without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from geodata.store.types import ServiceState

T = TypeVar("T")

THREADS = 3
"""Layers read at once in a process: one waits for the database while another makes its frame."""

KEPT, KEPT_S = 64, 60.0
STATES_S = 1.0
"""The states of the sources change by time alone: for so long one reading of them serves all."""


def _any(_value: object) -> bool:
    return True


@dataclass(slots=True)
class _Held:
    version: int
    begun: float
    flight: Future[Any] = field(default_factory=Future)


class Live:
    """Thread-safe. ``pool`` is for short readings; who waits in it must not wait for another piece of it."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[Hashable, _Held] = {}
        self._known: Mapping[str, ServiceState] = {}
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="layers")

    def share(
        self, key: Hashable, version: int, make: Callable[[], T], *, for_s: float, whole: Callable[[T], bool] = _any
    ) -> T:
        """The value of ``make``: that of another session when it began to read at most ``for_s`` ago at that version.

        Version 0 is unknown and shares nothing. What is not ``whole`` goes to those who waited for it, and is not
        kept. Raises what ``make`` raises, to all who waited for it.
        """
        if version == 0:
            return make()
        now = self._clock()
        with self._lock:
            held = self._held.get(key)
            if mine := held is None or held.version != version or now - held.begun > for_s:
                held = self._held[key] = _Held(version, now)
                self._forget(now)
        if mine:
            self._fly(key, held, make, whole)
        value: T = held.flight.result()
        return value

    def _fly(self, key: Hashable, held: _Held, make: Callable[[], Any], whole: Callable[[Any], bool]) -> None:
        try:
            value = make()
            if not whole(value):
                self._drop(key, held)
            held.flight.set_result(value)
        except BaseException as error:  # noqa: BLE001 -- the others wait for it: they must be told, whatever it is
            self._drop(key, held)
            held.flight.set_exception(error)

    def _drop(self, key: Hashable, held: _Held) -> None:
        with self._lock:
            if self._held.get(key) is held:
                del self._held[key]

    def _forget(self, now: float) -> None:
        """Let go of what is old, and of the oldest beyond the limit; the caller holds the lock."""
        old = [key for key, held in self._held.items() if now - held.begun > KEPT_S]
        for key in old:
            del self._held[key]
        while len(self._held) > KEPT:
            del self._held[min(self._held, key=lambda one: self._held[one].begun)]

    def states(self, reader: Reader, city: str, versions: Mapping[str, int]) -> Mapping[str, ServiceState]:
        """The states of the city's services at those versions, at most ``STATES_S`` old. Raises what the reader
        raises.
        """
        key, version = ("states", city), sum(versions.values())  # each of them only grows
        read = self.share(key, version, lambda: {one.id: one for one in reader.services(city)}, for_s=STATES_S)
        self._known = read
        return read

    @property
    def known(self) -> Mapping[str, ServiceState]:
        """The states as they were last read, whenever that was; empty before. Asks nobody."""
        return self._known

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


class Flights:
    """One session's readings under way in the pool, by name: the newest of a name is the one that counts."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._flying: dict[str, Future[Any]] = {}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._flying)

    def begin(self, name: str, work: Callable[[], Any]) -> None:
        """Read it in the pool; when the server is stopping nothing is read."""
        self.drop([name])
        with suppress(RuntimeError):
            self._flying[name] = self._pool.submit(work)

    def drop(self, names: Iterable[str] | None = None) -> None:
        """Forget these, or all: what they give is no longer wanted."""
        for name in list(self._flying) if names is None else names:
            if (flight := self._flying.pop(name, None)) is not None:
                flight.cancel()

    def landed(self, patience_s: float) -> list[Any]:
        """All of them, or after ``patience_s`` those that are there by then; at least one when any is under way."""
        wait(self._flying.values(), timeout=patience_s)
        if self._flying and not any(flight.done() for flight in self._flying.values()):
            wait(self._flying.values(), return_when="FIRST_COMPLETED")
        done = [self._flying.pop(name) for name, flight in list(self._flying.items()) if flight.done()]
        return [flight.result() for flight in done if not flight.cancelled()]
