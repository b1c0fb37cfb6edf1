"""Which scene the parts of a split wall show: one for all of them, for as long as the server lives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EARLY_S = 2.0
"""The parts' own timers are apart; who comes so much before the time has come on time."""


@dataclass
class Turns:
    """Asked by the sessions of the parts, each in its own time."""

    steady: Callable[[], float] = time.monotonic
    _shown: dict[str, tuple[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def shown(self, wall: str) -> str | None:
        """The scene of that wall; None before its first turn."""
        found = self._shown.get(wall)
        return None if found is None else found[0]

    def turn(self, wall: str, following: str, every_s: float) -> str:
        """The scene after a part's wish to turn: ``following``, but for a wall that turned less than a round ago."""
        with self._lock:
            found, now = self._shown.get(wall), self.steady()
            if found is not None and now - found[1] < every_s - EARLY_S:
                return found[0]
            self._shown[wall] = (following, now)
            return following
