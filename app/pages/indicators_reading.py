"""What the indicators page reads: one service after the other, what is before what was; shared by all sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from geodata.indicators import whole
from geodata.indicators.indicator import of_service
from geodata.watch.frames import StoreFrames

if TYPE_CHECKING:
    from app.context import PageContext
    from app.pages.indicators_clock import Moment
    from geodata.indicators.figure import Value

ROUND_S = 0.5
"""After so long a round shows what it has, and the next goes on."""

NOW_S, PAST_S = 60.0, 600.0
"""A live page counts a service again after so long, and looks at its past."""

SAME_S, PAST_SAME_S = 30.0, 60.0
"""What another session has just counted serves this one too, whatever came since: each number says its instant."""

SHARED = 1
"""A version that does not change: a city that speaks every second would have each session count for itself."""


@dataclass(slots=True)
class Read:
    """What was read: by id. ``at``: when the last round was; ``error``: why the store could not be read."""

    values: dict[str, Value] = field(default_factory=dict)
    past: dict[str, Sequence[Value]] = field(default_factory=dict)
    at: datetime | None = None
    error: str | None = None


class Reading:
    """For one session, in its thread. Raises what the reader raises."""

    def __init__(self, context: PageContext, asked: Moment) -> None:
        self.context, self.asked = context, asked
        self.names = [name for name in context.city.catalogue() if name in context.city.services and of_service(name)]
        self._counted: dict[str, float] = {}
        self._past: dict[str, float] = {}
        self.read = Read()

    @property
    def whole(self) -> bool:
        """Whether every service was counted once."""
        return len(self._counted) == len(self.names)

    def due(self) -> bool:
        return bool(self._due(self._counted, NOW_S) or self._due(self._past, PAST_S))

    def round(self) -> None:
        """Count services until the round is over: first all that is, then the past, the longest unread first."""
        end = monotonic() + ROUND_S
        for kept, every_s, work in ((self._counted, NOW_S, self._count), (self._past, PAST_S, self._look_back)):
            for name in self._due(kept, every_s):
                work(name)
                kept[name] = monotonic()
                if monotonic() > end:
                    return

    def _due(self, kept: Mapping[str, float], every_s: float) -> list[str]:
        now = monotonic()
        names = [n for n in self.names if n not in kept or (self.asked.live and now - kept[n] > every_s)]
        return sorted(names, key=lambda name: kept.get(name, 0.0))

    def _count(self, name: str) -> None:
        context, asked = self.context, self.asked

        def make() -> list[Value]:
            frames = StoreFrames(context.reader, context.city, asked.at or datetime.now(UTC), asked.known_at)
            return whole.values(frames, of_service(name))

        key = ("indicators", context.city.id, name, asked)
        found = context.live.share(key, SHARED, make, for_s=SAME_S)
        self.read.values |= {value.id: value for value in found}
        self.read.at = datetime.now(UTC)

    def _look_back(self, name: str) -> None:
        context, asked = self.context, self.asked

        def make() -> Mapping[str, list[Value]]:
            at = asked.at or datetime.now(UTC)
            return whole.history(context.reader, context.city, of_service(name), at, asked.known_at)

        key = ("indicators before", context.city.id, name, asked)
        self.read.past |= context.live.share(key, SHARED, make, for_s=PAST_SAME_S)
