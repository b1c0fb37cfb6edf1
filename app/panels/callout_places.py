"""Where numbers and letters stand on the wall's map: the cheapest of many places, weighed for all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Point = tuple[float, float]
Leader = tuple[Point, Point]
"""From the mark to the call-out, screen px."""

NOTHING: NDArray[np.float64] = np.empty((0, 4))
REACH_PX = (44, 66, 92, 130)
"""Distances of a call-out from its mark, desk px before the wall's factor."""

FAR_PX = (180, 240, 320)
"""The same where nothing nearer is free: a mark in a corner, beside the inset."""

EDGE_PX, CIRCLE_PX, CLEAR_PX = 26, 20, 70
"""From the edge of the map; a circle's radius; the distance from which two no longer disturb each other."""

DIRECTIONS = 12
LENGTH, NEAR = 0.3, 0.3
"""What a px of a leader counts, and each px that is missing between two."""

COVER, THROUGH = 30.0, 60.0
"""One mark covered; a leader through the circle of another call-out."""

CROSS, HIDE = 200.0, 250.0
"""A leader across another; a number of a station covered or run through, worse than any handful of marks."""

FAR = 400.0
"""A far place: when every near one hides another call-out or several numbers."""

ON_ANOTHER = 1000.0
"""One call-out over another: both are lost, whatever else is free."""

STEPS = 12
"""Points of a leader that are looked at."""

ROUNDS = 12
"""Each round lowers the sum, so it ends; 300 random crowds of 5 to 14 took four at most."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies under the call-outs. Boxes (n, 4): left, top, right, bottom in screen px.

    No call-out stands in a ``blocked`` one, nor, where there is a choice, in a ``covered`` one, still less in one of
    ``numbers``. ``k`` is the wall's factor.
    """

    width: float
    height: float
    k: float
    blocked: Floats = field(default_factory=NOTHING.copy)
    covered: Floats = field(default_factory=NOTHING.copy)
    numbers: Floats = field(default_factory=NOTHING.copy)

    def around(self, mark: Point) -> Floats:
        """The places to try (m, 2), nearest first; the nearest inside of the map where all are taken."""
        reach = np.repeat([*REACH_PX, *FAR_PX], DIRECTIONS) * self.k
        angle = np.tile(2 * pi * np.arange(DIRECTIONS) / DIRECTIONS - pi / 4, len(REACH_PX) + len(FAR_PX))
        at = np.asarray(mark) + np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
        edge, size = EDGE_PX * self.k, np.array([self.width, self.height])
        free = ((at > edge) & (at < size - edge)).all(axis=1) & (within(self.blocked, at, edge) == 0)
        found: Floats = at[free] if free.any() else np.clip(np.asarray(mark), edge, size - edge)[None]
        return found

    def cost(self, mark: Point, at: Floats) -> Floats:
        """What each place (m, 2) costs by itself, (m,)."""
        circle, length = CIRCLE_PX * self.k, distance(mark, at) / self.k
        hidden = within(self.numbers, at, circle) + through(self.numbers, mark, at)
        far = FAR * (length > max(REACH_PX) + 1)
        found: Floats = far + LENGTH * length + COVER * within(self.covered, at, circle) + HIDE * hidden
        return found

    def pair(self, mark: Point, at: Floats, other: Leader) -> Floats:
        """What each place (m, 2) costs beside one other call-out, (m,); the same seen from the other."""
        start = np.broadcast_to(np.asarray(mark, float), at.shape)
        a, b = (np.broadcast_to(np.asarray(p, float), at.shape) for p in other)
        apart, circle = distance(other[1], at) / self.k, CIRCLE_PX * self.k
        run_through = 1.0 * (_far(b, start, at) < circle) + (_far(at, a, b) < circle)
        found: Floats = ON_ANOTHER * (apart < 2 * CIRCLE_PX) + _near(apart) + THROUGH * run_through
        return found + CROSS * crosses(start, at, a, b)

    def beside(self, mark: Point, at: Floats, others: Sequence[Leader]) -> Floats:
        """What each place (m, 2) costs among others, (m,): a number also keeps away from what another one points at."""
        found = self.cost(mark, at)
        for other in others:
            found = found + self.pair(mark, at, other) + _near(distance(other[0], at) / self.k)
            found = found + _near(distance(mark, np.asarray([other[1]])) / self.k)
        return found


def place(marks: Sequence[Point], ground: Ground) -> list[Point]:
    """Offsets in desk px (before the wall's factor) of the call-outs of marks at screen px.

    Each takes the best place beside those before it; then each looks again, and two that stand in each other's way
    change places, as long as the whole gets better. The same marks give the same places.
    """
    ends: list[Point] = []
    tried = [ground.around(mark) for mark in marks]
    for i, mark in enumerate(marks):
        ends.append(_best(tried[i], ground.beside(mark, tried[i], list(zip(marks, ends, strict=False)))))
    for _ in range(ROUNDS):
        if not (_moved(marks, ends, tried, ground) or _exchanged(marks, ends, ground)):
            break
    return [((u - x) / ground.k, (v - y) / ground.k) for (x, y), (u, v) in zip(marks, ends, strict=True)]


def _moved(marks: Sequence[Point], ends: list[Point], tried: Sequence[Floats], ground: Ground) -> bool:
    """Let each look for a better place beside all others; whether one found it."""
    found = False
    for i, mark in enumerate(marks):
        at = np.vstack([np.asarray([ends[i]]), tried[i]])
        cost = ground.beside(mark, at, _others(marks, ends, i))
        if cost.min() < cost[0] - 1e-6:
            ends[i], found = _best(at, cost), True
    return found


def _exchanged(marks: Sequence[Point], ends: list[Point], ground: Ground) -> bool:
    """Let the first two change places whose leaders cross and for whom it is better; whether there were two."""
    for i in range(len(marks)):
        for j in range(i):
            if not crossing((marks[i], ends[i]), (marks[j], ends[j])):
                continue
            before = _sum(marks, ends, (i, j), ground)
            ends[i], ends[j] = ends[j], ends[i]
            if _sum(marks, ends, (i, j), ground) < before - 1e-6:
                return True
            ends[i], ends[j] = ends[j], ends[i]
    return False


def _sum(marks: Sequence[Point], ends: Sequence[Point], two: tuple[int, int], ground: Ground) -> float:
    """What two of them cost together, with all others where they are."""
    i, j = two
    first = ground.beside(marks[i], np.asarray([ends[i]]), _others(marks, ends, i))
    rest = [leader for n, leader in enumerate(zip(marks, ends, strict=True)) if n not in two]
    return float(first[0] + ground.beside(marks[j], np.asarray([ends[j]]), rest)[0])


def _others(marks: Sequence[Point], ends: Sequence[Point], mine: int) -> list[Leader]:
    return [leader for n, leader in enumerate(zip(marks, ends, strict=True)) if n != mine]


def _best(at: Floats, cost: Floats) -> Point:
    x, y = at[int(np.argmin(cost))]
    return float(x), float(y)


def _near(apart: Floats) -> Floats:
    """How much a distance in desk px is too short."""
    short: Floats = NEAR * np.maximum(0.0, CLEAR_PX - apart)
    return short


def crossing(one: Leader, other: Leader) -> bool:
    """Whether two leaders cross between their ends."""
    return bool(crosses(*(np.asarray([p], float) for p in (*one, *other)))[0])


def crosses(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """1 where a → b crosses c → d between their ends, else 0; arrays (m, 2), screen px."""
    return 1.0 * ((_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0))


def _side(a: Floats, b: Floats, p: Floats) -> Floats:
    """On which side of a → b points lie, as a sign; 0 on it."""
    found = (b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (p[:, 0] - a[:, 0])
    sides: Floats = np.where(np.abs(found) < 1e-6, 0.0, np.sign(found))
    return sides


def _far(p: Floats, a: Floats, b: Floats) -> Floats:
    """From points to the leaders a → b, px."""
    line = b - a
    length = (line**2).sum(axis=1)
    along = ((p - a) * line).sum(axis=1) / np.where(length == 0, 1.0, length)
    off: Floats = np.hypot(*(p - a - np.clip(along, 0.0, 1.0)[:, None] * line).T)
    return off


def distance(point: Point, at: Floats) -> Floats:
    """From one point to many (m, 2), px."""
    found: Floats = np.hypot(at[:, 0] - point[0], at[:, 1] - point[1])
    return found


def within(boxes: Floats, at: Floats, reach: float) -> Floats:
    """How many boxes each place (m, 2) comes nearer to than ``reach`` px."""
    x, y = at[:, :1], at[:, 1:]
    hit = (boxes[:, 0] - reach < x) & (x < boxes[:, 2] + reach) & (boxes[:, 1] - reach < y) & (y < boxes[:, 3] + reach)
    found: Floats = hit.sum(axis=1).astype(float)
    return found


def through(boxes: Floats, mark: Point, at: Floats) -> Floats:
    """How many boxes the leader to each place (m, 2) runs through, beyond the one that its own mark may stand in."""
    t = np.linspace(0.0, 1.0, STEPS)[:, None]
    x = (mark[0] + t * (at[:, 0] - mark[0]))[:, :, None]
    y = (mark[1] + t * (at[:, 1] - mark[1]))[:, :, None]
    on = (boxes[:, 0] < x) & (x < boxes[:, 2]) & (boxes[:, 1] < y) & (y < boxes[:, 3])
    found: Floats = (on.any(axis=0) & ~on[0]).sum(axis=1).astype(float)
    return found
