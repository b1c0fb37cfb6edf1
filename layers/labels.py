"""Names on the map, as marks above all layers: placed by priority in screen boxes, so that none touches another.

A name steps aside for what is drawn there. A label that does not fit is dropped, never shrunk. Sizes and zooms:
look.md 2.7 and 3.7. Hoàng Sa and Trường Sa are named at every zoom.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import hypot, log2

import numpy as np
import shapely

from geodata import geography
from geodata.view import View, lonlat, mercator_xy
from layers.elements import Marks, of
from layers.lettering import width
from layers.palette import WALL_FACTOR
from layers.pen import LABELS

Box = tuple[float, float, float, float]
GAP_PX = 6  # between two labels, and between a label and a mark
REPEAT_PX = 420  # between two labels with the same words
REPEAT_SEA_PX = 1200
ORDER = ("city", "island", "province", "sea", "lagoon", "ward", "place", "river")
WALL_PX = {"city": 84.0, "sea": 52.0}  # look.md 3.3: words to be read at least 52 px, secondary 46 px on 4K
WALL_OTHER_PX = 46.0
WALL_MOST = 12  # map labels of a wall scene (look.md 3.3)
MARGIN_PX = 8  # a label keeps whole inside the frame
NEAR_PX = 3  # between a label and what a mark covers: its halo
GREAT = frozenset({"city", "sea", "island"})
STRAY_PX: Mapping[str, float] = {"city": 45.0, "ward": 18.0, "place": 18.0, "lagoon": 18.0}
"""How far from its place the nearer edge of a name may stand, desk px: 9 are 1 u of a wall. Where there is no room so
near the name goes, for farther off it names something else. A sea has no one place; islands: see ``Frame.places``."""

STRAY_FIRST_PX = 180.0
"""The same for the city of the picture itself, in capitals: it names all the ground around, and must not go unnamed."""

ASIDE: Mapping[str, Sequence[tuple[float, float]]] = {
    "ward": tuple((x, up) for x in (0.0, 0.3, -0.3, 0.6, -0.6) for up in (0.0, 0.6, -0.6, 1.15, -1.15) if x or up),
    "place": ((0.0, 1.15), (0.0, -1.15)),
    "lagoon": ((0.0, 1.15), (0.0, -1.15)),
    "city": tuple((x / 10, up / 10) for x in range(-30, 31, 5) for up in range(-50, 51, 5) if x or up),
    "sea": tuple((x, up) for up in (0.0, 2.0, -2.0, 4.0, -4.0, 7.0, -7.0, 10.0) for x in (0.0, 0.4, -0.4, 0.9, -0.9)),
}
"""Steps aside by kind, in widths to the right and heights up of the name itself."""


@dataclass(slots=True)
class Boxes:
    """Screen boxes already taken: x0, y0, x1, y1 in px."""

    taken: list[Box] = field(default_factory=list)

    def free(self, box: Box, gap: float = GAP_PX) -> bool:
        x0, y0, x1, y1 = box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap
        return all(x1 <= a or x0 >= c or y1 <= b or y0 >= d for a, b, c, d in self.taken)

    def take(self, box: Box) -> None:
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
    islands: tuple[tuple[float, float], ...] = ()  # of an archipelago, EPSG:3857 m


def archipelagos() -> dict[str, tuple[tuple[float, float], ...]]:
    """Vietnamese name of each archipelago to the places of its islands, EPSG:3857 m."""
    frame = geography.collection("islands")
    points = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    found = {}
    for key, named in frame[frame["kind"] == "archipelago"].groupby("archipelago")["name_vi"]:
        member = ((frame["archipelago"] == key) & (frame["kind"] != "archipelago")).to_numpy()
        found[str(named.iloc[0])] = tuple((float(x), float(y)) for x, y in zip(xs[member], ys[member], strict=True))
    return found


@cache
def names(language: str) -> tuple[Name, ...]:
    """All label points in the order of priority. Seas, provinces and first cities are in capitals."""
    frame = geography.collection("places")
    points = shapely.get_coordinates(frame.geometry.to_numpy())
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    members = archipelagos()
    found: list[tuple[int, int, int, Name]] = []
    for row, x, y in zip(frame.to_dict("records"), xs, ys, strict=True):
        kind, rank, low = str(row["kind"]), int(row["rank"]), float(row["min_zoom"])
        text = row["name_en"] if language == "en" and isinstance(row["name_en"], str) else row["name_vi"]
        capitals = kind in {"sea", "province"} or (kind == "city" and rank == 0)
        words, islands = str(text).upper() if capitals else str(text), members.get(str(row["name_vi"]), ())
        name = Name(words, kind, float(x), float(y), low, float(row["max_zoom"]), islands)
        found.append((-1 if islands else ORDER.index(kind), rank, len(found), name))
    return tuple(name for *_, name in sorted(found, key=lambda f: f[:3]))


def labels(
    view: View,
    style: str = "desk",
    *,
    language: str = "vi",
    avoid: Sequence[tuple[float, float]] | np.ndarray = (),
    taken: Sequence[Box] | np.ndarray = (),
    crowd: Sequence[Box] | np.ndarray = (),
    most: int | None = None,
    k: float | None = None,
) -> Marks:
    """The names that fit the view, as ``label`` marks in EPSG:3857.

    ``avoid`` are places of marks (x, y in EPSG:3857) that no label may cover. ``taken`` and ``crowd`` are screen
    boxes in px (left, top, right, bottom): no name stands in the first, and none but a city or a sea in the second;
    those two go where they cover least. ``style`` "wall" takes at most 12 and writes them as large as six metres
    ask for. ``k`` as for ``compose.figure``: the zoom limits count marks' px, so a wall names what a desk map of
    the same ground would.
    """
    k = (WALL_FACTOR if style == "wall" else 1.0) if k is None else k
    frame = Frame(view, k, WALL_PX if style == "wall" else {})
    zoom = view.zoom - log2(k)
    points = [frame.px(x, y) for x, y in np.asarray(avoid, float).reshape(-1, 2)]
    around = [(x - 10 * k, y - 10 * k, x + 10 * k, y + 10 * k) for x, y in points]
    room = Room(k, np.asarray(taken, float).reshape(-1, 4), np.asarray([*crowd, *around], float).reshape(-1, 4))
    placed: list[Placed] = []
    limit = most if most is not None else (WALL_MOST if style == "wall" else 400)
    for name in names(language):
        if len(placed) >= limit:
            break
        if not name.min_zoom <= zoom + 0.5 < name.max_zoom + 1.5:
            continue
        one = room.best(frame, name, placed)
        if one is not None:
            placed.append(one)
    return of(
        {
            "x": [one.x for one in placed],
            "y": [one.y for one in placed],
            "mark": ["label"] * len(placed),
            "text": [one.name.text for one in placed],
            "kind": [one.name.kind for one in placed],
            "scale": [one.scale for one in placed],
            "dx": [0.0] * len(placed),
            "dy": [one.dy for one in placed],
        }
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A name at a place (EPSG:3857 m), its screen box in px, its ``dy`` and ``scale`` columns."""

    name: Name
    x: float
    y: float
    box: Box
    dy: float
    scale: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture that names are placed in; ``sizes`` are px of a 2160 px high wall, by kind."""

    view: View
    k: float
    sizes: Mapping[str, float]

    def px(self, x: float, y: float) -> tuple[float, float]:
        x0, _, _, y1 = self.view.bounds.mercator
        return (x - x0) / self.view.resolution_m, (y1 - y) / self.view.resolution_m

    def place(self, name: Name, x: float, y: float) -> Placed:
        size, weight, _, tracking, _ = LABELS.get(name.kind, LABELS["place"])
        scale = self.sizes.get(name.kind, WALL_OTHER_PX) / size / WALL_FACTOR if self.sizes else 1.0
        scale = min(scale, 1.6) if name.kind == "city" and not name.text.isupper() else scale
        k = self.k * scale
        w, h = width(name.text, size, weight, tracking) * k, size * 1.2 * k
        dy = 13.0 if name.kind == "island" else 0.0  # below its dot
        px, py = self.px(x, y)
        return Placed(name, x, y, (px - w / 2, py + dy * k - h / 2, px + w / 2, py + dy * k + h / 2), dy, scale)

    def places(self, name: Name) -> Iterator[Placed]:
        """Where a name may stand, best first: its own point, then steps aside; an archipelago near its islands."""
        x0, y0, x1, y1 = self.view.bounds.mercator
        if x0 <= name.x <= x1 and y0 <= name.y <= y1:
            own = self.place(name, name.x, name.y)
            yield own
            left, top, right, bottom = own.box
            across, up = (right - left) * self.view.resolution_m, (bottom - top) * self.view.resolution_m
            steps = [(name.x + dx * across, name.y + dy * up) for dx, dy in ASIDE.get(name.kind, ())]
            if name.kind != "sea":  # the shortest step first; a sea's are in the order to try
                steps.sort(key=lambda at: hypot(at[0] - name.x, at[1] - name.y))
            farthest = STRAY_PX.get(name.kind, 0.0)
            if name.kind == "city" and name.text.isupper():
                farthest = STRAY_FIRST_PX
                steps.sort(key=lambda at: not ashore(at[0], at[1], across))  # the ground that it names before water
            for x, y in steps:
                one = self.place(name, x, y)
                if not on_land(x, y, across) if name.kind == "sea" else self.strays(one) <= farthest:
                    yield one
        if not name.islands:
            return
        seen = np.array([p for p in name.islands if x0 <= p[0] <= x1 and y0 <= p[1] <= y1])
        if not len(seen):
            return
        middle = seen.mean(axis=0)
        step = 30 * self.k * self.view.resolution_m
        for up in (-1, 1, 0, -2, 2, -4, 4, -6, 6):
            yield self.inward(self.place(name, float(middle[0]), float(middle[1]) + up * step))

    def strays(self, one: Placed) -> float:
        """How far the name's box stands from its own place, desk px; 0 where it covers it."""
        x, y = self.px(one.name.x, one.name.y)
        left, top, right, bottom = one.box
        return hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom)) / self.k

    def inward(self, one: Placed) -> Placed:
        """The same name moved so that its box lies inside the frame."""
        left, top, right, bottom = one.box
        w, h = self.view.width_px, self.view.height_px
        dx = max(MARGIN_PX - left, 0) - max(right - w + MARGIN_PX, 0)
        dy = max(MARGIN_PX - top, 0) - max(bottom - h + MARGIN_PX, 0)
        resolution = self.view.resolution_m
        return self.place(one.name, one.x + dx * resolution, one.y - dy * resolution)

    def fits(self, box: Box) -> bool:
        w, h = self.view.width_px, self.view.height_px
        least = MARGIN_PX - 0.01
        return box[0] >= least and box[1] >= least and box[2] <= w - least and box[3] <= h - least


def _repeats(placed: Sequence[Placed], one: Placed, k: float) -> bool:
    """The same words stand too near already: a river and a sea have several label points, a city is a ward's name."""
    return any(
        other.name.text.casefold() == one.name.text.casefold()
        and hypot(other.box[0] - one.box[0], other.box[1] - one.box[1])
        < (REPEAT_SEA_PX if one.name.kind == "sea" else REPEAT_PX) * k
        for other in placed
    )


@dataclass(frozen=True, slots=True)
class Room:
    """What is drawn already, screen boxes (n, 4) in px: ``taken`` keeps every name away, ``crowd`` the small ones."""

    k: float
    taken: np.ndarray
    crowd: np.ndarray

    def best(self, frame: Frame, name: Name, placed: Sequence[Placed]) -> Placed | None:
        """The first place that touches nothing; for a city or a sea else the one that covers least."""
        best, least = None, float("inf")
        boxes = Boxes([one.box for one in placed])
        for one in frame.places(name):
            clear = frame.fits(one.box) and boxes.free(one.box, GAP_PX * self.k) and not _repeats(placed, one, self.k)
            if not clear or touched(self.taken, one.box, NEAR_PX * self.k):
                continue
            covered = touched(self.crowd, one.box, NEAR_PX * self.k)
            if covered < least and (not covered or name.kind in GREAT):
                best, least = one, covered
            if not covered:
                break
        return best


def touched(boxes: np.ndarray, box: Box, gap: float) -> int:
    """How many of the boxes come nearer than ``gap`` px."""
    x0, y0, x1, y1 = box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap
    return int(((boxes[:, 0] < x1) & (boxes[:, 2] > x0) & (boxes[:, 1] < y1) & (boxes[:, 3] > y0)).sum())


@cache
def _land() -> shapely.Geometry:
    """The coarse land, EPSG:4326, ready to be asked."""
    land = shapely.union_all(geography.collection("land_coarse").geometry.to_numpy())
    shapely.prepare(land)
    return land


def ashore(x: float, y: float, across: float) -> bool:
    """Whether words so wide (EPSG:3857 m) around a place would reach over no sea."""
    return bool(_on_land(x, y, across, (-0.5, 0, 0.5)).all())


def on_land(x: float, y: float, across: float) -> bool:
    """Whether words so wide (EPSG:3857 m) around a place would reach over land."""
    return bool(_on_land(x, y, across, (-0.55, -0.25, 0, 0.25, 0.55)).any())


def _on_land(x: float, y: float, across: float, parts: Sequence[float]) -> np.ndarray:
    """Of points at these parts of the width, which lie on land."""
    found: np.ndarray = shapely.intersects(_land(), shapely.points([lonlat(x + part * across, y) for part in parts]))
    return found
