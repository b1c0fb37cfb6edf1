"""Whether it is our side that fails: cameras that gave pictures do not all go at the same moment."""

from __future__ import annotations

from collections import deque

LEAST_WINDOW_S = 15.0


class Standing:
    """The latest looks at cameras that are believed to be there."""

    def __init__(self, *, cameras: int, probe_s: float, least: int, share: float) -> None:
        self._least, self._share = least, share
        # long enough that so many cameras have been looked at in it
        self._window_s = min(probe_s, max(LEAST_WINDOW_S, 3 * least * probe_s / max(cameras, 1)))
        self._looks: deque[tuple[float, str, bool]] = deque()

    def saw(self, key: str, good: bool, now: float) -> None:
        """One look at a camera that gave pictures before."""
        self._looks.append((now, key, good))
        while self._looks[0][0] < now - self._window_s:
            self._looks.popleft()

    def lost(self) -> bool:
        """Whether nearly all of enough cameras failed at their latest look."""
        latest = {key: good for _, key, good in self._looks}
        failed = sum(not good for good in latest.values())
        return len(latest) >= self._least and failed >= self._share * len(latest)

    def clear(self) -> None:
        self._looks.clear()
