"""The land under the map, ready to draw: ``geodata.geography`` in EPSG:3857, simplified once per zoom, in trees.

Everything here is derived and cached for the life of the process; nothing reads the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from itertools import pairwise
from threading import RLock
from typing import ParamSpec, TypeVar, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from geodata import geography
from geodata.view import WORLD_M, mercator_xy

P = ParamSpec("P")
R = TypeVar("R")


def once(build: Callable[P, R]) -> Callable[P, R]:
    """Cached, and built by one thread while the others wait: tiles of a page are drawn by several at once."""
    kept = cast("Callable[P, R]", cache(build))
    lock = RLock()

    @wraps(build)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        with lock:
            return kept(*args, **kwargs)

    return locked


Box = tuple[float, float, float, float]
Geometries = NDArray[np.object_]

COARSE_BELOW = 7  # zoom from which the full-resolution shore is drawn
FAR_PX = (1.0, 3.0)  # how coarse the coast of the middle and of the far waterlines may be
SMOOTH_FROM = 12  # GSHHG is a 100 m staircase there: two rounds of corner cutting give a natural shore
CUT_M = 150.0
CONFLUENCE_M = 900.0
RIVER_WIDTH_M = (300.0, 190.0, 70.0, 28.0)  # by rank; a picture's width, not a survey's


def project(geometries: object) -> Geometries:
    """EPSG:4326 geometries in EPSG:3857."""
    return np.asarray(
        shapely.transform(np.asarray(geometries, object), lambda c: np.column_stack(mercator_xy(c[:, 0], c[:, 1])))
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """Geometries of one kind at one zoom, with the tree that finds them."""

    geometries: Geometries
    tree: STRtree

    @classmethod
    def of(cls, geometries: Geometries) -> Sheet:
        kept = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
        return cls(kept, STRtree(kept))

    def within(self, box: Box) -> Geometries:
        """What lies in the box, cut by it."""
        found = self.geometries[np.sort(self.tree.query(shapely.box(*box)))]
        return np.asarray(shapely.clip_by_rect(found, *box)) if len(found) else found


@once
def water() -> shapely.Geometry:
    """All lakes and lagoons, EPSG:4326."""
    return shapely.union_all(geography.collection("lakes").geometry.to_numpy())


def dry(geometries: Geometries) -> Geometries:
    """Without what lies in lakes and lagoons: their shores are coast, with waterlines inside."""
    wet = shapely.intersects(geometries, water())
    out = geometries.copy()
    out[wet] = shapely.difference(geometries[wet], water())
    return out


@once
def shore(*, coarse: bool) -> tuple[Geometries, Geometries]:
    """Land areas and the coast: rings without the edges where the extract was cut."""
    wide = geography.collection("land_coarse")
    areas = wide.geometry.to_numpy()
    cuts = [shapely.box(*wide.total_bounds)]
    if not coarse:
        fine = geography.collection("land")
        box = shapely.box(*fine.total_bounds)
        outside = shapely.difference(areas, box)
        areas = np.concatenate([fine.geometry.to_numpy(), outside[~shapely.is_empty(outside)]])
        cuts.append(box)
    areas = shapely.get_parts(dry(areas))
    edges = shapely.buffer(shapely.union_all([shapely.boundary(box) for box in cuts]), 1e-5)
    coast = shapely.difference(shapely.boundary(areas), edges)
    return project(areas), project(shapely.get_parts(coast))


@once
def coast_points() -> frozenset[tuple[float, float]]:
    """Corners of the full-resolution shore and lakes, degrees rounded to 1e-6."""
    frames = (geography.collection(name).geometry.to_numpy() for name in ("land", "lakes"))
    return frozenset(map(tuple, np.round(np.concatenate([shapely.get_coordinates(f) for f in frames]), 6)))


def inner_lines(areas: Geometries) -> Geometries:
    """Outlines of areas without the parts that run along the shore; a line between two areas comes once."""
    shore_points = coast_points()
    lines = []
    for ring in shapely.get_parts(shapely.boundary(shapely.get_parts(areas))):
        corners = np.round(shapely.get_coordinates(ring), 6)
        wet = [tuple(c) in shore_points for c in corners]
        lines += [
            tuple(sorted((tuple(a), tuple(b))))
            for (a, b), (wa, wb) in zip(pairwise(corners), pairwise(wet), strict=True)
            if not (wa and wb)
        ]
    if not lines:
        return np.array([], dtype=object)
    segments = shapely.linestrings(np.array(sorted(set(lines))))
    merged = shapely.line_merge(shapely.multilinestrings(np.asarray(segments, object)))
    return project(shapely.get_parts(merged))


@once
def units(name: str) -> Geometries:
    """Lines between ``wards`` or ``provinces``."""
    return inner_lines(geography.collection(name).geometry.to_numpy())


@once
def city_area(city: str | None) -> Geometries:
    """The land of a city (all cities for None), EPSG:3857."""
    frame = geography.collection("provinces")
    if city is not None:
        frame = frame[frame["city"] == city]
    return project(shapely.get_parts(dry(frame.geometry.to_numpy())))


@once
def plain(name: str) -> Geometries:
    """A collection's geometries in EPSG:3857."""
    return project(geography.collection(name).geometry.to_numpy())


@once
def rivers() -> tuple[Geometries, ...]:
    """River lines outside lakes and lagoons, one array a rank 0–3."""
    frame = geography.collection("rivers")
    ranks = frame["rank"].to_numpy()
    pieces, index = shapely.get_parts(project(dry(frame.geometry.to_numpy())), return_index=True)
    ranks = ranks[index]
    links = {rank: confluences(pieces[ranks == rank], pieces[ranks < rank]) for rank in range(4)}
    return tuple(np.concatenate([pieces[ranks == rank], links[rank]]) for rank in range(4))


def confluences(streams: Geometries, larger: Geometries) -> Geometries:
    """Short lines that lead the ends of streams to the ends of larger rivers: two data sets meet there, or nearly."""

    def ends(of: Geometries) -> Geometries:
        return np.concatenate([shapely.get_point(of, 0), shapely.get_point(of, -1)])

    if not len(streams) or not len(larger):
        return np.array([], dtype=object)
    own, targets = ends(streams), ends(larger)
    found, nearest = STRtree(targets).query_nearest(own, max_distance=CONFLUENCE_M, all_matches=False)
    apart = shapely.distance(own[found], targets[nearest]) > 1
    pairs = np.stack([shapely.get_coordinates(g) for g in (own[found][apart], targets[nearest][apart])], axis=1)
    return np.asarray(shapely.linestrings(pairs), dtype=object)


@once
def mouths() -> Geometries:
    """Where a river enters a lake or a lagoon, EPSG:3857 points."""
    found = shapely.intersection(geography.collection("rivers").geometry.to_numpy(), shapely.boundary(water()))
    return project(shapely.points(shapely.get_coordinates(found)))


@once
def islands() -> tuple[Geometries, Geometries]:
    """Hoàng Sa and Trường Sa: shores, and points of the named islands."""
    frame = geography.collection("islands")
    return tuple(project(frame[frame["kind"] == kind].geometry.to_numpy()) for kind in ("shore", "island"))  # type: ignore[return-value]


def simplified(geometries: Geometries, resolution: float, least_px2: float = 0) -> Geometries:
    """Simplified by 0.4 px; areas under ``least_px2`` are left out."""
    if least_px2:
        geometries = geometries[shapely.area(geometries) >= least_px2 * resolution**2]
    return thinned(geometries, 0.4 * resolution)


def thinned(geometries: Geometries, tolerance: float) -> Geometries:
    """Simplified to a tolerance in m. Lines may come to cross themselves: they are only stroked."""
    if tolerance <= 1 or not len(geometries):
        return geometries
    areas = bool(np.isin(shapely.get_type_id(geometries), (3, 6)).any())
    return np.asarray(shapely.simplify(geometries, tolerance, preserve_topology=areas))


class Level:
    """All sheets of one zoom (256 px tiles drawn as 512 px pictures)."""

    def __init__(self, zoom: int, city: str | None) -> None:
        self.zoom = zoom
        self.resolution = WORLD_M / 512 / 2**zoom
        areas, coast = shore(coarse=zoom < COARSE_BELOW)
        self.land = Sheet.of(simplified(areas, self.resolution, 1.2))
        big = coast[shapely.length(coast) >= 4 * self.resolution]
        self.coast = Sheet.of(simplified(big, self.resolution))
        big = coast[shapely.length(coast) >= (16 if zoom < COARSE_BELOW else 4) * self.resolution]
        self.far_coasts = [Sheet.of(thinned(big, px * self.resolution)) for px in FAR_PX]
        self.city = Sheet.of(simplified(city_area(city), self.resolution))
        self.border = Sheet.of(simplified(plain("border"), self.resolution))
        self.provinces = Sheet.of(simplified(units("provinces"), self.resolution))
        self.wards = Sheet.of(simplified(units("wards"), self.resolution) if zoom >= 10 else np.array([], object))
        self.rivers = [Sheet.of(simplified(rank, self.resolution)) for rank in rivers()]
        self.mouths = Sheet.of(mouths())
        shores, points = islands()
        self.island_shores = Sheet.of(simplified(shores, self.resolution))
        self.island_points = Sheet.of(points)


@once
def level(zoom: int, city: str | None = None) -> Level:
    """The sheets of a zoom, built once (0.1–0.5 s). ``city`` is the one that is not dimmed; None dims none of ours."""
    return Level(min(max(zoom, 4), 16), city)


def chaikin(line: NDArray[np.float64], rounds: int = 2) -> NDArray[np.float64]:
    """Corner cutting; the ends of an open line stay, a ring stays closed.

    A cut takes a quarter of a side but never more than ``CUT_M``: the corners of a clipping box stay far outside.
    """
    closed = len(line) > 3 and bool((line[0] == line[-1]).all())
    for _ in range(rounds):
        side = np.diff(line, axis=0)
        part = np.minimum(0.25, CUT_M / np.maximum(np.hypot(side[:, 0], side[:, 1]), 1e-9))[:, None]
        cut = np.empty((2 * len(side), 2))
        cut[0::2] = line[:-1] + part * side
        cut[1::2] = line[1:] - part * side
        line = np.concatenate([cut, cut[:1]]) if closed else np.concatenate([line[:1], cut, line[-1:]])
    return line


def rings(geometries: Geometries, *, smooth: bool = False) -> list[NDArray[np.float64]]:
    """Outer and inner rings of areas as coordinate arrays."""
    parts = shapely.get_parts(geometries)
    parts = parts[shapely.get_type_id(parts) == 3]
    return _arrays(shapely.get_rings(parts), smooth=smooth)


def lines(geometries: Geometries, *, smooth: bool = False) -> list[NDArray[np.float64]]:
    """Lines as coordinate arrays, joined where they meet."""
    parts = list(_line_parts(geometries))
    if not parts:
        return []
    merged = shapely.line_merge(shapely.multilinestrings(parts)) if len(parts) > 1 else np.array(parts)
    return _arrays(shapely.get_parts(merged), smooth=smooth)


def _line_parts(geometries: Geometries) -> Iterator[shapely.Geometry]:
    for part in shapely.get_parts(geometries):
        if part.geom_type in {"LineString", "LinearRing"}:
            yield part
        elif part.geom_type.startswith(("Multi", "Geometry")):
            yield from _line_parts(np.asarray(shapely.get_parts(part)))


def _arrays(parts: Geometries, *, smooth: bool) -> list[NDArray[np.float64]]:
    coordinates, index = shapely.get_coordinates(parts, return_index=True)
    if not len(index):
        return []
    arrays = np.split(coordinates, np.flatnonzero(np.diff(index)) + 1)
    return [chaikin(a) if smooth else a for a in arrays if len(a) > 1]
