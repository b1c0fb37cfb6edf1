"""Names on the map, as marks above all layers: placed by priority in screen boxes, so that none touches another.

A label that does not fit is dropped, never shrunk. Sizes and zooms: look.md 2.7 and 3.7. Hoàng Sa and Trường Sa
are named at every zoom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import hypot

import numpy as np
import shapely

from geodata import geography
from geodata.view import View
from layers.drawing import LABELS
from layers.elements import Marks, mercator_xy, of
from layers.lettering import width
from layers.palette import WALL_FACTOR

GAP_PX = 6  # between two labels, and between a label and a mark
REPEAT_PX = 420  # between two labels with the same words
ORDER = ("city", "island", "province", "sea", "lagoon", "ward", "place", "river")
WALL_MOST = 12  # map labels of a wall scene (look.md 3.3)
MARGIN_PX = 8  # a label keeps whole inside the frame


@dataclass(slots=True)
class Boxes:
    """Screen boxes already taken: x0, y0, x1, y1 in px."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def free(self, box: tuple[float, float, float, float], gap: float = GAP_PX) -> bool:
        x0, y0, x1, y1 = box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap
        return all(x1 <= a or x0 >= c or y1 <= b or y0 >= d for a, b, c, d in self.taken)

    def take(self, box: tuple[float, float, float, float]) -> None:
        self.taken.append(box)


@dataclass(frozen=True, slots=True)
class Name:
    """One label point: words as shown, kind, place in EPSG:3857 m, zoom limits."""

    text: str
    kind: str
    x: float
    y: float
    min_zoom: float
    max_zoom: float


@cache
def names(language: str) -> tuple[Name, ...]:
    """All label points in the order of priority. Seas, provinces and first cities are in capitals."""
    frame = geography.collection("places")
    points = shapely.get_coordinates(frame.geometry.to_numpy())
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    found: list[tuple[int, int, int, Name]] = []
    for row, x, y in zip(frame.to_dict("records"), xs, ys, strict=True):
        kind, rank, low = str(row["kind"]), int(row["rank"]), float(row["min_zoom"])
        text = row["name_en"] if language == "en" and isinstance(row["name_en"], str) else row["name_vi"]
        capitals = kind in {"sea", "province"} or (kind == "city" and rank == 0)
        name = Name(str(text).upper() if capitals else str(text), kind, float(x), float(y), low, float(row["max_zoom"]))
        archipelago = kind == "island" and low == 0
        found.append((-1 if archipelago else ORDER.index(kind), rank, len(found), name))
    return tuple(name for *_, name in sorted(found, key=lambda f: f[:3]))


def labels(
    view: View,
    style: str = "desk",
    *,
    language: str = "vi",
    avoid: Sequence[tuple[float, float]] | np.ndarray = (),
    most: int | None = None,
) -> Marks:
    """The names that fit the view, as ``label`` marks in EPSG:3857.

    ``avoid`` are places of marks (x, y in EPSG:3857) that no label may cover, cities excepted. ``style`` "wall"
    takes at most 12. Zoom limits count screen px: a wall of factor 2.2 names what a desk map of its ground size would.
    """
    k = WALL_FACTOR if style == "wall" else 1.0
    x0, y0, x1, y1 = view.bounds.mercator
    resolution = view.resolution_m
    zoom = view.zoom - (1.1 if style == "wall" else 0)
    boxes = Boxes()
    marks = [((x - x0) / resolution, (y1 - y) / resolution) for x, y in np.asarray(avoid, float).reshape(-1, 2)]
    obstacles = Boxes([(x - 10 * k, y - 10 * k, x + 10 * k, y + 10 * k) for x, y in marks])
    placed: list[tuple[Name, float, tuple[float, float]]] = []
    limit = most if most is not None else (WALL_MOST if style == "wall" else 400)
    for name in names(language):
        if not (x0 <= name.x <= x1 and y0 <= name.y <= y1 and name.min_zoom <= zoom + 0.5 < name.max_zoom + 1.5):
            continue
        if len(placed) >= limit:
            break
        place = ((name.x - x0) / resolution, (y1 - name.y) / resolution)
        box, dy = _box(name, place, k)
        free = _fits(box, view) and boxes.free(box, GAP_PX * k) and not _repeats(placed, name, place, k)
        if free and (name.kind in {"city", "sea"} or obstacles.free(box, 0)):
            boxes.take(box)
            placed.append((name, dy, place))
    return of(
        {
            "x": [name.x for name, _, _ in placed],
            "y": [name.y for name, _, _ in placed],
            "mark": ["label"] * len(placed),
            "text": [name.text for name, _, _ in placed],
            "kind": [name.kind for name, _, _ in placed],
            "dx": [0.0] * len(placed),
            "dy": [dy for _, dy, _ in placed],
        }
    )


def _box(name: Name, place: tuple[float, float], k: float) -> tuple[tuple[float, float, float, float], float]:
    """Screen box of a label, px, and how far below its place it stands (before k)."""
    size, weight, _, tracking, _ = LABELS.get(name.kind, LABELS["place"])
    w, h = width(name.text, size, weight, tracking) * k, size * 1.2 * k
    dy = 13.0 if name.kind == "island" else 0.0  # below its dot
    x, y = place[0], place[1] + dy * k
    return (x - w / 2, y - h / 2, x + w / 2, y + h / 2), dy


def _fits(box: tuple[float, float, float, float], view: View) -> bool:
    return (
        box[0] >= MARGIN_PX
        and box[1] >= MARGIN_PX
        and box[2] <= view.width_px - MARGIN_PX
        and box[3] <= view.height_px - MARGIN_PX
    )


def _repeats(
    placed: Sequence[tuple[Name, float, tuple[float, float]]], name: Name, place: tuple[float, float], k: float
) -> bool:
    """The same words stand too near already: a river and a sea have several label points, a city is a ward's name."""
    return any(
        other.text.casefold() == name.text.casefold() and hypot(at[0] - place[0], at[1] - place[1]) < REPEAT_PX * k
        for other, _, at in placed
    )
