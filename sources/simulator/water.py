"""Where a vessel can be: the sea of the map's own coast, and the way from a landing place through its inlet.

Coordinates are EPSG:4326; distances are metres on a plane tangent at the place, good to a percent over 150 km.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import cos, hypot, radians, sin

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geodata.geography import collection
from sources.simulator.errors import NoWater
from sources.simulator.noise import Floats

LonLat = tuple[float, float]
Cell = tuple[int, int]

METRES_PER_DEGREE = 111_195.0
STEP_DEG = 0.002
REACH_CELLS = 110  # the inlet is looked for within 24 km
OPEN_CELLS = 7  # 1.5 km from any shore
SIGHT_M = 60_000.0
SNAP_CELLS = 15
BEARINGS = tuple(range(0, 360, 5))
DISTANCES_M = (8_000.0, 15_000.0, 25_000.0, 40_000.0, 60_000.0, 85_000.0, 115_000.0)


def offset(place: LonLat, bearing_deg: float, distance_m: float) -> LonLat:
    """The place at that bearing (clockwise from true north) and distance."""
    lon, lat = place
    north = distance_m * cos(radians(bearing_deg)) / METRES_PER_DEGREE
    east = distance_m * sin(radians(bearing_deg)) / (METRES_PER_DEGREE * cos(radians(lat)))
    return lon + east, lat + north


def distance_m(a: LonLat, b: LonLat) -> float:
    scale = cos(radians((a[1] + b[1]) / 2))
    return hypot((b[0] - a[0]) * scale, b[1] - a[1]) * METRES_PER_DEGREE


def bearing_deg(a: LonLat, b: LonLat) -> float:
    scale = cos(radians((a[1] + b[1]) / 2))
    return float(np.degrees(np.arctan2((b[0] - a[0]) * scale, b[1] - a[1])) % 360)


@dataclass(frozen=True)
class Waters:
    """The sea around some places: everything that is not land within ``margin_deg`` of them."""

    places: Sequence[LonLat]
    margin_deg: float = 1.7

    @cached_property
    def land(self) -> BaseGeometry:
        lons, lats = zip(*self.places, strict=True)
        west, south = min(lons) - self.margin_deg, min(lats) - self.margin_deg
        around = box(west, south, max(lons) + self.margin_deg, max(lats) + self.margin_deg)
        frame = collection("land")
        near = shapely.clip_by_rect(frame.geometry[frame.intersects(around)].to_numpy(), *around.bounds)
        land: BaseGeometry = shapely.union_all(near)
        shapely.prepare(land)
        return land

    def is_water(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        return np.asarray(~shapely.contains_xy(self.land, lon, lat))

    def is_free(self, places: Sequence[LonLat]) -> bool:
        """Whether the line through these places touches no land."""
        return not shapely.intersects(self.land, LineString(places))

    def is_free_around(self, place: LonLat, radius_m: float) -> bool:
        degrees = radius_m / METRES_PER_DEGREE
        return not shapely.intersects(self.land, Point(place).buffer(degrees * 1.1, quad_segs=4))

    def fan(self, mouth: LonLat) -> dict[int, float]:
        """For each bearing the farthest of ``DISTANCES_M`` that is seen from the mouth; blind bearings are left out."""
        seen: dict[int, float] = {}
        for bearing in BEARINGS:
            for far in DISTANCES_M:
                left, right = offset(mouth, bearing - 2, far), offset(mouth, bearing + 2, far)
                if shapely.intersects(self.land, Polygon([mouth, left, right])):
                    break
                seen[bearing] = far
        return seen


@dataclass(frozen=True)
class Channel:
    """The way from a landing place to open water: ``path`` begins at the landing and ends at the mouth."""

    path: tuple[LonLat, ...]

    @property
    def landing(self) -> LonLat:
        return self.path[0]

    @property
    def mouth(self) -> LonLat:
        return self.path[-1]


class _Grid:
    """Water cells around a landing place, with their distance from land in cells (at most ``OPEN_CELLS``)."""

    def __init__(self, waters: Waters, centre: LonLat) -> None:
        self.waters, self.centre = waters, centre
        axis = np.arange(-REACH_CELLS, REACH_CELLS + 1) * STEP_DEG
        lon, lat = np.meshgrid(centre[0] + axis, centre[1] + axis)
        free = waters.is_water(lon.ravel(), lat.ravel()).reshape(lon.shape)
        self.clearance = free.astype(np.int64)
        for _ in range(OPEN_CELLS - 1):
            padded = np.pad(self.clearance, 1, mode="edge")
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
            self.clearance = np.where(free, np.minimum(windows.min(axis=(2, 3)) + 1, OPEN_CELLS), 0)

    def place(self, cell: Cell) -> LonLat:
        row, column = cell
        east, north = (column - REACH_CELLS) * STEP_DEG, (row - REACH_CELLS) * STEP_DEG
        return float(self.centre[0] + east), float(self.centre[1] + north)

    def open_cells(self) -> Iterable[Cell]:
        """Some cells far from shore that see far out to the sea: a lagoon sees its own shores."""
        for row, column in np.argwhere(self.clearance >= OPEN_CELLS)[::9]:
            cell = (int(row), int(column))
            here = self.place(cell)
            if any(self.waters.is_free([here, offset(here, bearing, SIGHT_M)]) for bearing in range(20, 160, 20)):
                yield cell

    def way(self, blocked: set[tuple[Cell, Cell]]) -> list[Cell] | None:
        """The best way from near the centre to the open sea, keeping off the shores (Dijkstra from the sea)."""
        size = 2 * REACH_CELLS + 1
        queue: list[tuple[float, Cell]] = [(0.0, cell) for cell in self.open_cells()]
        heapq.heapify(queue)
        cost = {cell: 0.0 for _, cell in queue}
        before: dict[Cell, Cell] = {}
        settled: set[Cell] = set()
        goal = self._goal()
        while queue:
            spent, cell = heapq.heappop(queue)
            if cell in settled:
                continue
            settled.add(cell)
            if cell in goal:
                return _traced(cell, before)
            row, column = cell
            for other in ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j):
                if not (0 <= other[0] < size and 0 <= other[1] < size) or (cell, other) in blocked:
                    continue
                clear = int(self.clearance[other])
                step = spent + hypot(other[0] - row, other[1] - column) * (1 + 3 / max(clear, 1))
                if clear and step < cost.get(other, np.inf):
                    cost[other], before[other] = step, cell
                    heapq.heappush(queue, (step, other))
        # the map's coast closes the narrowest inlets: such a port's boats lie before the bar
        nearest = min(settled, key=self._from_centre, default=None)
        if nearest is None or self._from_centre(nearest) > SNAP_CELLS:
            return None
        return _traced(nearest, before)

    @staticmethod
    def _from_centre(cell: Cell) -> float:
        return hypot(cell[0] - REACH_CELLS, cell[1] - REACH_CELLS)

    def _goal(self) -> set[Cell]:
        """The water cells nearest to the landing place: the first ring that has any that count, grown outwards."""
        found: set[Cell] = set()
        middle = REACH_CELLS
        for ring in range(SNAP_CELLS + 1):
            low, high = middle - ring, middle + ring + 1
            window = np.argwhere(self.clearance[low:high, low:high] > 0) + low
            found = {(int(r), int(c)) for r, c in window}
            if len(found) >= 3:
                break
        return found


def _traced(cell: Cell, before: Mapping[Cell, Cell]) -> list[Cell]:
    way = [cell]
    while way[-1] in before:
        way.append(before[way[-1]])
    return way


def channel(waters: Waters, name: str, place: LonLat) -> Channel:
    """The way out of a landing place, never over land. Raises NoWater."""
    grid = _Grid(waters, place)
    blocked: set[tuple[Cell, Cell]] = set()
    for _ in range(20):
        cells = grid.way(blocked)
        if cells is None:
            break
        steps = list(pairwise(cells))
        bad = [(a, b) for a, b in steps if not waters.is_free([grid.place(a), grid.place(b)])]
        if not bad:
            return Channel(tuple(_straightened(waters, [grid.place(cell) for cell in cells])))
        blocked |= {pair for a, b in bad for pair in ((a, b), (b, a))}
    km = round(REACH_CELLS * STEP_DEG * METRES_PER_DEGREE / 1000)
    raise NoWater(name=name, lon=round(place[0], 4), lat=round(place[1], 4), km=km)


def _straightened(waters: Waters, places: Sequence[LonLat]) -> list[LonLat]:
    """Leaves out the corners that can be seen past, at most 12 cells at once so that the middle of the way stays."""
    kept, at = [places[0]], 0
    while at < len(places) - 1:
        ahead = min(at + 12, len(places) - 1)
        while ahead > at + 1 and not waters.is_free([places[at], places[ahead]]):
            ahead -= 1
        at = ahead
        kept.append(places[at])
    return kept
