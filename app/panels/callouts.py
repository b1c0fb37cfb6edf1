"""Numbers and letters on the wall's map, the same as beside it: near their mark, clear of each other and the edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geodata.view import View, mercator
from layers.elements import Marks

if TYPE_CHECKING:
    from app.panels.wall_have import Spot

NOTHING = np.empty((0, 4))
REACH_PX = (44, 66, 92, 130)
"""Distances of a call-out from its mark, desk px before the wall's factor."""

FAR_PX = (180, 240, 320)
"""The same where nothing nearer is free: a mark in a corner, beside the inset."""

EDGE_PX, CIRCLE_PX, PLACE_PX = 26, 20, 8
DIRECTIONS = 12
COLUMNS = ("mark", "state", "level", "text", "dx", "dy")
COVER, CROSS = 30.0, 60.0
"""What covering one mark counts, and a leader across another or through a circle, in px of distance."""

HIDE = 150.0
"""A number of a station covered: worse than any handful of marks."""

STEPS = 12
"""Points of a leader that are looked at."""

ON_ANOTHER = 1000.0
"""One call-out over another: both are lost, whatever else is free."""

Point = tuple[float, float]
Leader = tuple[Point, Point]
"""From the mark to the call-out, screen px."""


def place(
    points: Sequence[Point],
    width: float,
    height: float,
    k: float,
    blocked: NDArray[np.float64] = NOTHING,
    covered: NDArray[np.float64] = NOTHING,
    numbers: NDArray[np.float64] = NOTHING,
) -> list[Point]:
    """Offsets in desk px (before ``k``) for marks at screen px: the freest of twelve directions, nearest first.

    Boxes (n, 4): left, top, right, bottom in screen px. No call-out stands in a ``blocked`` one, nor, where there is
    a choice, in a ``covered`` one, still less in one of ``numbers``. No leader crosses another, no call-out hides one.
    """
    ends: list[Point] = []
    for i, (x, y) in enumerate(points):
        others = [p for j, p in enumerate(points) if j != i]
        edge = EDGE_PX * k
        best = min(max(x, edge), width - edge), min(max(y, edge), height - edge)
        score = float("-inf")
        for reaches in (REACH_PX, FAR_PX):
            if score > -ON_ANOTHER / 2:
                break
            for reach, at in _around((x, y), reaches, k):
                if not (edge < at[0] < width - edge and edge < at[1] < height - edge):
                    continue
                if _within(blocked, at, edge):
                    continue
                clear = min((hypot(at[0] - p[0], at[1] - p[1]) / k for p in [*ends, *others]), default=200.0)
                value = min(clear, 70.0) - reach * 0.3 - COVER * _within(covered, at, CIRCLE_PX * k)
                value -= HIDE * (_within(numbers, at, CIRCLE_PX * k) + _through(numbers, ((x, y), at)))
                apart = min((hypot(at[0] - p[0], at[1] - p[1]) / k for p in ends), default=200.0)
                value -= ON_ANOTHER * (apart < 2 * CIRCLE_PX)
                value -= CROSS * _entangled(((x, y), at), list(zip(points, ends, strict=False)), CIRCLE_PX * k)
                if value > score:
                    best, score = at, value
        ends.append(best)
    untangle(points, ends)
    return [((u - x) / k, (v - y) / k) for (x, y), (u, v) in zip(points, ends, strict=True)]


def _around(point: Point, reaches: Sequence[float], k: float) -> Iterator[tuple[float, Point]]:
    """The places to try, nearest first, each with its distance."""
    for reach in reaches:
        for n in range(DIRECTIONS):
            angle = 2 * pi * n / DIRECTIONS - pi / 4
            yield reach, (point[0] + reach * cos(angle) * k, point[1] + reach * sin(angle) * k)


def untangle(points: Sequence[Point], ends: list[Point]) -> None:
    """Let call-outs whose leaders cross change places, until none cross: each change makes the leaders shorter, so it
    ends.
    """
    pairs = [(i, j) for i in range(len(points)) for j in range(i)]
    for _ in range(len(pairs) + 1):
        crossed = [(i, j) for i, j in pairs if crossing((points[i], ends[i]), (points[j], ends[j]))]
        if not crossed:
            return
        i, j = crossed[0]
        ends[i], ends[j] = ends[j], ends[i]


def crossing(one: Leader, other: Leader) -> bool:
    """Whether two leaders cross between their ends."""
    (a, b), (c, d) = one, other
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    """On which side of a → b a point lies, as a sign; 0 on it."""
    found = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return 0.0 if abs(found) < 1e-6 else found


def _entangled(mine: Leader, others: Sequence[Leader], radius: float) -> int:
    """How many leaders cross mine, and how many circles one of them runs through."""
    return sum(
        crossing(mine, other) + (_far(other[1], mine) < radius) + (_far(mine[1], other) < radius) for other in others
    )


def _far(p: Point, line: Leader) -> float:
    """From a point to a leader."""
    (ax, ay), (bx, by) = line
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    t = 0.0 if not length else min(max(((p[0] - ax) * dx + (p[1] - ay) * dy) / length, 0.0), 1.0)
    return hypot(p[0] - ax - t * dx, p[1] - ay - t * dy)


def _within(boxes: NDArray[np.float64], at: Point, reach: float) -> int:
    """How many boxes a place comes nearer to than ``reach`` px."""
    x, y = at
    hit = (boxes[:, 0] - reach < x) & (x < boxes[:, 2] + reach) & (boxes[:, 1] - reach < y) & (y < boxes[:, 3] + reach)
    return int(hit.sum())


def _through(boxes: NDArray[np.float64], line: Leader) -> int:
    """How many boxes a leader runs through, beyond the one that its own mark may stand in."""
    (ax, ay), (bx, by) = line
    t = np.linspace(0.0, 1.0, STEPS)[:, None]
    x, y = ax + t * (bx - ax), ay + t * (by - ay)
    on = (boxes[:, 0] < x) & (x < boxes[:, 2]) & (boxes[:, 1] < y) & (y < boxes[:, 3])
    return int((on.any(axis=0) & ~on[0]).sum())


def inside(place_lonlat: tuple[float, float], view: View) -> tuple[float, float, bool]:
    """(x, y, whether it is in view) in EPSG:3857; what lies outside is drawn at the edge towards it."""
    x0, y0, x1, y1 = view.bounds.mercator
    x, y = mercator(*place_lonlat)
    margin = (x1 - x0) * 0.015
    cx, cy = min(max(x, x0 + margin), x1 - margin), min(max(y, y0 + margin), y1 - margin)
    return cx, cy, (cx, cy) == (x, y)


def element(
    spots: Sequence[Spot],
    view: View,
    k: float,
    blocked: NDArray[np.float64] = NOTHING,
    covered: NDArray[np.float64] = NOTHING,
    numbers: NDArray[np.float64] = NOTHING,
) -> Marks:
    """The call-outs of numbers and letters; what has no place has none. Boxes as for ``place``."""
    x0, y0, x1, y1 = view.bounds.mercator
    scale_x, scale_y = view.width_px / (x1 - x0), view.height_px / (y1 - y0)
    found = [(spot, *inside(spot.place, view)) for spot in spots if spot.place is not None]
    screen = [((x - x0) * scale_x, (y1 - y) * scale_y) for _, x, y, _ in found]
    width, height = view.width_px, view.height_px
    offsets = place(screen, width, height, k, blocked, covered, numbers)
    rows: dict[str, list[Any]] = {name: [] for name in ("x", "y", *COLUMNS)}
    for (spot, x, y, _), (dx, dy) in zip(found, offsets, strict=True):
        values = (x, y, spot.mark, spot.state, spot.level, spot.text, dx, dy)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    return Marks(rows, ["x", "y"], list(COLUMNS))


def places(spots: Sequence[Spot], view: View, k: float) -> NDArray[np.float64]:
    """Boxes (n, 4) in screen px around the places that are in view."""
    x0, _, _, y1 = view.bounds.mercator
    seen = [(x, y) for spot in spots if spot.place is not None for x, y, ok in [inside(spot.place, view)] if ok]
    at = np.asarray([((x - x0) / view.resolution_m, (y1 - y) / view.resolution_m) for x, y in seen]).reshape(-1, 2)
    return np.column_stack([at - PLACE_PX * k, at + PLACE_PX * k])


def boxed(called: Marks) -> Marks:
    """The same, letters as wide as numbers: what ``footprints.covered`` measures."""
    rows = {name: called.dimension_values(name) for name in ("x", "y", *COLUMNS)}
    return Marks({**rows, "mark": np.full(len(called), "callout", object)}, ["x", "y"], list(COLUMNS))
