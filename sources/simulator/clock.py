"""The simulated clock: real time at speed 1, else faster from a start in the past, never ahead of the real clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Viet Nam has had no daylight saving since 1975, so a fixed offset is exact."""

DAY_S = 86400.0
LOCAL_OFFSET_S = 7 * 3600.0


def local_day(t: float) -> int:
    """Number of the local day (Asia/Ho_Chi_Minh) since 1970 that holds this epoch second."""
    return int((t + LOCAL_OFFSET_S) // DAY_S)


def local_midnight(day: int) -> float:
    """Epoch second at which that local day begins."""
    return day * DAY_S - LOCAL_OFFSET_S


def iso(t: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, whole seconds."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """``now()`` in epoch seconds. At speed 1 it is the real clock, jumps of the machine's clock included.

    At speed X it starts ``lead_s`` before the real clock and runs X times as fast until it has caught up.
    """

    speed: float = 1.0
    lead_s: float = DAY_S
    real: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    _start: tuple[float, float] = field(init=False, default=(0.0, 0.0))

    def __post_init__(self) -> None:
        start = self.real() - (0.0 if self.speed == 1 else self.lead_s)
        object.__setattr__(self, "_start", (start, self.steady()))

    def now(self) -> float:
        if self.speed == 1:
            return self.real()
        start, begun = self._start
        return min(self.real(), start + (self.steady() - begun) * self.speed)

    @property
    def start(self) -> float:
        """Epoch second at which the live city begins; recordings end here."""
        return self._start[0]
