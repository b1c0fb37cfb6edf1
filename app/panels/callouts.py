"""Numbers on the wall's map, the same as in its list: placed beside their mark, clear of each other and of the edge."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

from geodata.view import View, mercator
from layers.elements import Marks

if TYPE_CHECKING:
    from app.panels.wall_rail import Item

Box = tuple[float, float, float, float]

REACH_PX = (44, 66, 92, 130)
"""Distances of a call-out from its mark, desk px before the wall's factor."""

EDGE_PX = 26
DIRECTIONS = 12


def place(
    points: Sequence[tuple[float, float]], width: float, height: float, k: float, blocked: Sequence[Box] = ()
) -> list[tuple[float, float]]:
    """Offsets in desk px (before ``k``) for marks at screen px: the freest of twelve directions, nearest first.

    No call-out stands in a ``blocked`` box: left, top, right, bottom in screen px.
    """
    taken: list[tuple[float, float]] = []
    out = []
    for i, (x, y) in enumerate(points):
        others = [p for j, p in enumerate(points) if j != i]
        best, score = (0.0, 0.0), float("-inf")
        for reach in REACH_PX:
            for n in range(DIRECTIONS):
                angle = 2 * pi * n / DIRECTIONS - pi / 4
                dx, dy = reach * cos(angle), reach * sin(angle)
                at = (x + dx * k, y + dy * k)
                edge = EDGE_PX * k
                if not (edge < at[0] < width - edge and edge < at[1] < height - edge):
                    continue
                if any(b[0] - edge < at[0] < b[2] + edge and b[1] - edge < at[1] < b[3] + edge for b in blocked):
                    continue
                clear = min((hypot(at[0] - p[0], at[1] - p[1]) / k for p in [*taken, *others]), default=200.0)
                value = min(clear, 70.0) - reach * 0.3
                if value > score:
                    best, score = (dx, dy), value
        taken.append((x + best[0] * k, y + best[1] * k))
        out.append(best)
    return out


def inside(place_lonlat: tuple[float, float], view: View) -> tuple[float, float, bool]:
    """(x, y, whether it is in view) in EPSG:3857; what lies outside is drawn at the edge towards it."""
    x0, y0, x1, y1 = view.bounds.mercator
    x, y = mercator(*place_lonlat)
    margin = (x1 - x0) * 0.015
    cx, cy = min(max(x, x0 + margin), x1 - margin), min(max(y, y0 + margin), y1 - margin)
    return cx, cy, (cx, cy) == (x, y)


def element(items: Sequence[Item], view: View, k: float) -> Marks:
    """The call-outs of the list's items; an item without a place has none."""
    x0, y0, x1, y1 = view.bounds.mercator
    scale_x, scale_y = view.width_px / (x1 - x0), view.height_px / (y1 - y0)
    found = [(n, item, *inside(item.place, view)) for n, item in enumerate(items, 1) if item.place is not None]
    screen = [((x - x0) * scale_x, (y1 - y) * scale_y) for _, _, x, y, _ in found]
    width, height = view.width_px, view.height_px
    # the inset lies at the lower left, the scale at the lower right (app/panels/wall_inset.css, map_frame.css)
    blocked = [(0, height - 250 * k, 215 * k, height), (width - 330 * k, height - 60 * k, width, height)]
    offsets = place(screen, width, height, k, blocked)
    rows: dict[str, list[Any]] = {name: [] for name in ("x", "y", "mark", "state", "level", "text", "dx", "dy")}
    for (n, item, x, y, _), (dx, dy) in zip(found, offsets, strict=True):
        values = (x, y, "callout", "fresh" if item.level else "unknown", item.level, str(n), dx, dy)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    return Marks(rows, ["x", "y"], ["mark", "state", "level", "text", "dx", "dy"])
