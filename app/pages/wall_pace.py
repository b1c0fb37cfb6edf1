"""When a service is read again: soon after it changed, never too often, and in any case once in a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

SHARE = 20


class Pace:
    """``least_s`` between two readings of a changed service, ``most_s`` of an unchanged one, whose ages went on.

    What is dear to read is read more seldom: a service never takes more than one part in ``SHARE`` of the time.
    """

    def __init__(self, least_s: float, most_s: float, clock: Callable[[], float] = monotonic) -> None:
        self.least_s, self.most_s = least_s, most_s
        self._clock = clock
        self._read: dict[str, float] = {}
        self._changed: set[str] = set()
        self._cost: dict[str, float] = {}

    def changed(self, names: Iterable[str]) -> None:
        self._changed |= set(names)

    def due(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are to be read now, the longest unread first."""
        now = self._clock()
        never = float("-inf")
        late = [
            name
            for name in names
            if now - self._read.get(name, never)
            >= max(self.least_s if name in self._changed else self.most_s, SHARE * self._cost.get(name, 0.0))
        ]
        return sorted(late, key=lambda name: self._read.get(name, never))

    def read(self, name: str) -> None:
        """The service is being read: what changes from now on is another change."""
        self._read[name] = self._clock()
        self._changed.discard(name)

    def cost(self, name: str, busy_s: float) -> None:
        """What reading it took of the processor, not of the clock: on a busy machine data must not grow old."""
        self._cost[name] = busy_s

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Read these, or all, as if they never had been."""
        for name in list(self._read) if names is None else names:
            self._read.pop(name, None)
