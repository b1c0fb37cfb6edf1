"""Who may send how much: the token in constant time, a bucket of permits, and a log that does not repeat itself."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sources.base import Receiver

log = logging.getLogger("vonglau.ingest")

BURST_S = 4.0
"""A source may send so many seconds' worth at once."""

QUIET_S = 60.0
"""The same complaint about the same source is logged once in so long."""


class Bucket:
    """``per_s`` permits a second, ``BURST_S`` seconds' worth saved up at most, ten at least. Monotonic clock."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._clock = per_s, clock
        self._full = max(10.0, per_s * BURST_S)
        self._left, self._at = self._full, clock()

    async def take(self) -> None:
        """Takes a permit, when there is one."""
        while wait := self.wait_s():  # noqa: ASYNC110 (the time is what is waited for)
            await asyncio.sleep(wait)

    def wait_s(self) -> float:
        """Takes a permit and gives 0, or takes none and gives the seconds until there is one."""
        now = self._clock()
        self._left = min(self._full, self._left + max(0.0, now - self._at) * self._per_s)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_s


@dataclass(slots=True)
class Gate:
    """One source's door. ``token`` is None where none is asked for; ``shut`` where one is asked for and none is set."""

    source: str
    receiver: Receiver
    token: str | None = field(default=None, repr=False)
    shut: bool = False
    bucket: Bucket = field(init=False)
    _said: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bucket = Bucket(self.receiver.per_s)

    def admits(self, *shown: str | None) -> bool:
        """Whether one of the tokens shown is ours; compared in constant time, each of them."""
        if self.shut:
            return False
        if self.token is None:
            return True
        ours = self.token.encode()
        matches = [hmac.compare_digest(one.encode("utf-8", "replace"), ours) for one in shown if one]
        return any(matches)

    def complain(self, what: str) -> None:
        """One warning a minute for each kind of refusal. ``what`` never holds what the sender sent."""
        now = time.monotonic()
        if now - self._said.get(what, -QUIET_S) >= QUIET_S:
            self._said[what] = now
            log.warning("source %s: the intake refused a sender: %s", self.source, what)
