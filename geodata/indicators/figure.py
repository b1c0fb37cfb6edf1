"""What an indicator says: the number with what it rests on, and the same judged against its feed and its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from geodata.indicators.words import Target

State = Literal["known", "partial", "unknown", "none", "ready", "failed"]
"""``partial``: some of the service's feeds are lost, the number is of the others · ``unknown``: all are · ``none``:
feeds speak, but nothing was told that it could be made of · ``ready``: no source was ever connected · ``failed``: our
own mistake, told in ``Value.error``."""

Met = Literal["met", "missed", "unsure"]
"""``unsure``: the target lies inside the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a function found. ``value`` in the unit of its words, None where nothing can be told.

    ``n``: rows, things or cases that it rests on. ``numerator``, ``denominator`` of a share (a share is in per cent).
    ``low``, ``high``: 95 % interval, None where nothing was sampled. ``level`` 1–5 of what is abnormal, None for that
    of the words. ``newest``: time of the newest row, aware UTC. ``left_out``: why rows do not count, and how many.
    ``parts``: what the number is made of, and how much of each. ``told_by``: how many can tell it, and how many of them
    are lost, where these are not the service's own sources. ``high`` alone may be None: no upper limit.
    """

    value: float | None = None
    n: int = 0
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    level: int | None = None
    newest: datetime | None = None
    sources: Sequence[str] = ()
    simulated: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    told_by: tuple[int, int] | None = None


NOTHING = Figure()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An indicator at an instant. ``figure.value`` is None unless ``state`` is known or partial.

    ``at``: the instant it is of; ``age_s``: of its newest row then. ``met``: of the target in force, None without one.
    ``target``: the one in force on that day in the city. ``level``: 0, or what the number asks for.
    """

    id: str
    service: str
    at: datetime
    state: State
    figure: Figure = NOTHING
    target: Target | None = None
    met: Met | None = None
    level: int = 0
    lost: int = 0
    feeds: int = 0
    error: str | None = None

    @property
    def value(self) -> float | None:
        return self.figure.value

    @property
    def age_s(self) -> float | None:
        newest = self.figure.newest
        return None if newest is None else max(0.0, (self.at - newest).total_seconds())
