"""Pictures by tile: basemap and densities as 512 px PNG, drawn by a few workers, once for all who ask.

A valid tile always gets a picture: when drawing fails, the last good one of the place, else a clear one, marked stale.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geodata.errors import VongLauError
from geodata.view import WORLD_M, Bounds, View
from layers import streets
from layers.base import RasterLayer, get
from layers.tiling.disk import DiskCache
from layers.tiling.drawers import Drawers
from layers.tiling.memory import Kept

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from layers.raster import ColumnCache

log = logging.getLogger(__name__)

TILE_PX = 512
CACHE_BYTES = 256 * 2**20
LAST_BYTES = 64 * 2**20
WAIT_S = 25.0
QUEUE = 400
"""Tiles waiting or being drawn: five wall pictures. More are answered with what there is."""

IMPORTED_S = 30.0
"""The store is asked at most this often whether new streets were imported."""

AHEAD_S = 0.02
"""How soon after the last tile that was asked for the next one nobody asked for yet is begun."""

BASEMAP = "basemap"

Style = Literal["desk", "wall"]
Place = tuple[str, str, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRequest:
    """One tile. ``start, end, known`` are epoch seconds (known 0: as known now); 0–0 for the basemap."""

    layer: str
    style: str
    version: str
    start: int
    end: int
    known: int
    z: int
    x: int
    y: int

    @property
    def own(self) -> TileRequest:
        """The request by what its picture depends on: the basemap has no time, and not the version of the address."""
        return replace(self, version="", start=0, end=0, known=0) if self.layer == BASEMAP else self

    @property
    def place(self) -> Place:
        """What the picture shows, whatever its version and time."""
        return self.layer, self.style, self.z, self.x, self.y

    @property
    def view(self) -> View:
        start, end = (datetime.fromtimestamp(s, UTC) for s in (self.start, self.end))
        known = datetime.fromtimestamp(self.known, UTC) if self.known else None
        return View(Bounds.from_tile(self.z, self.x, self.y), TILE_PX, TILE_PX, start, end, known)


@dataclass(frozen=True, slots=True)
class Tile:
    """A PNG; ``stale`` when it is not what was asked for and must not be kept."""

    png: bytes
    stale: bool = False


@cache
def clear() -> bytes:
    return encoded(np.zeros((TILE_PX, TILE_PX, 4), np.uint8))


@cache
def nothing() -> bytes:
    """One clear pixel, for a tile that could not be drawn and never was: the page asks again (``tilefix.js``)."""
    return encoded(np.zeros((1, 1, 4), np.uint8))


def encoded(rgba: NDArray[np.uint8]) -> bytes:
    """PNG, fast rather than small: a density is looked at once."""
    out = io.BytesIO()
    Image.fromarray(rgba).save(out, "PNG", compress_level=1)
    return out.getvalue()


class TileService:
    """Thread-safe. ``city`` is the one that the basemap does not dim.

    Densities are drawn by ``workers`` threads, the basemap by as many processes. ``apart``: a process of its own draws
    the densities, with the rows in its memory; compiling for them and drawing them then costs the pages nothing.
    ``cache`` is a folder where basemap tiles outlive the program; None keeps them in memory only.
    """

    def __init__(
        self,
        reader: Reader | None,
        workers: int = 2,
        *,
        city: str | None = None,
        cache: Path | None = None,
        apart: bool = False,
    ) -> None:
        from layers.raster import ColumnCache

        self._reader = reader
        self._city = city
        self._columns = None if reader is None else ColumnCache(reader)
        self._pools = {
            True: ThreadPoolExecutor(workers, thread_name_prefix="draw-basemap"),
            False: ThreadPoolExecutor(1 if apart else workers, thread_name_prefix="draw"),
        }
        self._apart, self._workers = apart, workers
        self._drawers = Drawers(city)
        self._disk = None if cache is None else DiskCache(cache)
        self._lock = threading.Lock()
        self._flights: dict[TileRequest, Future[Tile]] = {}
        self._kept: Kept[TileRequest] = Kept(CACHE_BYTES)
        self._last: Kept[Place] = Kept(LAST_BYTES)
        self._imported, self._asked = 0, -IMPORTED_S
        self._closed = False

    @property
    def pending(self) -> int:
        """Tiles waiting or being drawn."""
        with self._lock:
            return len(self._flights)

    def png(self, request: TileRequest) -> Tile:
        """The tile. Never raises for an existing layer; waits for at most 25 s, then hands out what there is."""
        request = self._versioned(request)
        with self._lock:
            kept = self._kept.get(request)
            if kept is not None:
                return Tile(kept)
            flight = self._begin(request)
            if flight is None:
                return self._stale(request)
        try:
            return flight.result(timeout=WAIT_S)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong, the map must not get a hole
            why = str(error) or type(error).__name__
            log.warning("tile %s/%s/%s of %s: %s", request.z, request.x, request.y, request.layer, why)
            with self._lock:
                return self._stale(request)

    def prepare(self) -> Future[None]:
        """Begin to compile what densities need, where they are drawn: 5–10 s of a processor. Answers at once."""
        return self._pools[False].submit(self._drawers.prepare if self._apart else _alone, warm_up)

    def wake(self, views: Sequence[tuple[View, Style]]) -> None:
        """Draw one basemap tile of these views, then have the others begin: processes that wake together share the
        processors, and the first tile of each would be there when the last one is. Answers when it is drawn.
        """
        for request in ground(views)[:1]:
            self.png(request)
        self.prepare()

    def draw_ahead(self, views: Sequence[tuple[View, Style]], stopped: Callable[[], bool]) -> None:
        """Draw the basemap of these views while no other tiles are asked for: those go first.

        Answers when the last one is begun, or ``stopped`` says so.
        """
        for request in ground(views):
            while self.pending >= self._workers and not stopped():
                time.sleep(AHEAD_S)
            if stopped():
                return
            own = self._versioned(request)
            with self._lock:
                if self._kept.get(own) is None:
                    self._begin(own)

    def close(self) -> None:
        """End the drawing processes; whoever waits for a tile gets what there is."""
        with self._lock:
            self._closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self._drawers.close()

    def _begin(self, request: TileRequest) -> Future[Tile] | None:
        """The drawing under way, else a new one; None when too many wait. The caller holds the lock."""
        flight = self._flights.get(request)
        if flight is None and len(self._flights) < QUEUE and not self._closed:
            pool = self._pools[request.layer == BASEMAP]
            flight = self._flights[request] = pool.submit(self._draw, request)
        return flight

    def _stale(self, request: TileRequest) -> Tile:
        """The last good picture of the place; the caller holds the lock."""
        return Tile(self._last.get(request.place) or nothing(), stale=True)

    def _versioned(self, request: TileRequest) -> TileRequest:
        """By what its picture depends on; of the basemap that is the version of the imported streets."""
        if request.layer != BASEMAP:
            return request
        return replace(request.own, version=str(self._streets()))

    def _streets(self) -> int:
        """The version of what was imported, at most half a minute old; while the store is away, the last one known."""
        with self._lock:
            due = self._reader is not None and time.monotonic() - self._asked > IMPORTED_S
            if due:
                self._asked = time.monotonic()
        if due and self._reader is not None:
            try:
                self._imported = self._reader.versions().get(streets.SERVICE, 0)
            except VongLauError as error:
                log.warning("version of the imported streets: %s", error)
        return self._imported

    def _draw(self, request: TileRequest) -> Tile:
        try:
            tile = self._basemap(request) if request.layer == BASEMAP else Tile(self._density(request))
            with self._lock:
                if not tile.stale:
                    self._kept.put(request, tile.png)
                if request.layer != BASEMAP:  # a basemap tile has no older generation
                    self._last.put(request.place, tile.png)
            return tile
        finally:
            with self._lock:
                self._flights.pop(request, None)

    def _basemap(self, request: TileRequest) -> Tile:
        imported = int(request.version)
        name = (request.style, self._city or "", imported, request.z, request.x, request.y)
        kept = None if self._disk is None else self._disk.get(name)
        if kept is not None:
            return Tile(kept)
        store = (self._reader.dsn, imported) if self._reader is not None and imported else None
        png, whole = self._drawers.tile(request.z, request.x, request.y, request.style, store)
        if whole and self._disk is not None:
            self._disk.put(name, png)
        return Tile(png, stale=not whole)

    def _density(self, request: TileRequest) -> bytes:
        layer = get(request.layer)
        if not isinstance(layer, RasterLayer) or request.z >= layer.density_below:
            return clear()
        reader, columns = self._reader, self._columns
        assert reader is not None, "densities are read from a store"
        if self._apart:
            return self._drawers.density(reader.dsn, asdict(request), lambda: density(request, reader, columns))
        return density(request, reader, columns)


def _alone(work: Callable[[], None]) -> None:
    work()


def density(request: TileRequest, reader: Reader, columns: ColumnCache | None) -> bytes:
    """The PNG of a density tile. Raises what the reader raises."""
    layer = get(request.layer)
    assert isinstance(layer, RasterLayer)
    view = request.view
    counts = layer.aggregate(reader, view, columns)
    return encoded(layer.shade(counts, view)) if counts.values.any() else clear()


def ground(views: Sequence[tuple[View, Style]]) -> list[TileRequest]:
    """The basemap tiles of these views, in their order."""
    return [
        TileRequest(layer=BASEMAP, style=style, version="", start=0, end=0, known=0, z=z, x=x, y=y)
        for view, style in views
        for z, x, y in covering(view)
    ]


def covering(view: View) -> Iterator[tuple[int, int, int]]:
    """z, x, y of the tiles that Bokeh asks for to show a view: the coarser level of the two that fit."""
    z = max(0, floor(view.zoom + 1e-6))
    x0, y0, x1, y1 = view.bounds.mercator
    side = WORLD_M / 2**z
    columns = range(floor((x0 + WORLD_M / 2) / side), ceil((x1 + WORLD_M / 2) / side))
    rows = range(floor((WORLD_M / 2 - y1) / side), ceil((WORLD_M / 2 - y0) / side))
    yield from ((z, x, y) for y in rows for x in columns)


def warm_up() -> None:
    """Compile Datashader's kernels once at the start, so that no visitor waits for them (1–2 s)."""
    from layers.density import lines, spots
    from layers.raster import Sorted

    view = View(Bounds(107, 16, 108, 17), 64, 64, datetime.now(UTC), datetime.now(UTC))
    x = np.linspace(*view.bounds.mercator[::2], 9, dtype=np.float32)
    y = np.linspace(*view.bounds.mercator[1::2], 9, dtype=np.float32)
    rows = Sorted.of(x[:-1], y[:-1], x[1:], y[1:])
    lines(rows, view)
    spots(rows, view)
