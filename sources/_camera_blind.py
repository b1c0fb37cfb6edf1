"""Whether it is our side that fails: cameras that gave pictures do not all go at the same moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

PATIENCE_ROUNDS = 2.0

Side = Literal["ours", "theirs", "unsure"]


class Standing:
    """The latest look at each camera that is believed to be there. Times in seconds of one steady clock."""

    def __init__(self, *, probe_s: float, least: int, share: float) -> None:
        self._probe_s, self._least, self._share = probe_s, least, share
        self._latest: dict[str, tuple[float, bool]] = {}
        self.lost = False

    def take(self, keys: Iterable[str]) -> None:
        """Only these are believed to be there."""
        self._latest = {key: self._latest.get(key, (float("-inf"), True)) for key in keys}

    def saw(self, key: str, good: bool, now: float) -> None:
        """One look at a camera that is believed to be there."""
        self._latest[key] = (now, good)

    def drop(self, key: str) -> None:
        """It is no longer believed to be there."""
        self._latest.pop(key, None)

    def side(self, key: str, since: float, now: float) -> Side:
        """Whose fault it is that a camera fails since then: ours when nearly all others that were looked at lately fail
        too, theirs when others are seen; unsure until enough others were looked at. Ours sets ``lost``.

        Lately is the second half of the time since: a look under way when all went dark may still have ended well.
        """
        others = [look for name, look in self._latest.items() if name != key]
        looks = [good for time, good in others if time >= (since + now) / 2]
        failed = looks.count(False)
        if failed + 1 >= self._least and failed >= self._share * len(looks):
            self.lost = True
            return "ours"
        if True in looks or len(others) + 1 < self._least or now - since >= PATIENCE_ROUNDS * self._probe_s:
            return "theirs"
        return "unsure"
