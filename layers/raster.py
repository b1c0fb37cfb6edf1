"""Columns kept in memory for pictures of any amount: loaded once, gone on by increments, cut by place.

A tile touches only the rows near it: they are sorted by cells of zoom 11, and a cell's rows lie together. Positions
become segments (fix to fix of one thing); a gap of more than six hours or a jump of more than sixty knots parts them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geodata.records import Position, Record
from geodata.view import WORLD_M, Bounds, View

if TYPE_CHECKING:
    from geodata.store.reader import Reader

Columns = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]
Quad = tuple[Floats, Floats, Floats, Floats]
Box = tuple[float, float, float, float]

CELL_ZOOM = 11
ROWS = 80
"""A box over more rows of cells than this takes everything: sorting would not spare it much."""

GAP_S = 6 * 3600.0
JUMP_M_S = 60 * 1852 / 3600
LATE_S = 900.0
"""An increment reads again the last quarter of an hour: receivers hand over late."""

AFRESH_S = 900.0
"""After this time all is read again, so that rows that came later still are drawn too."""

HOLD_S = 20.0
"""Increments are read at most this often."""

SHORT_M = WORLD_M / 2**CELL_ZOOM / 2
"""Longer segments (a fix every two hours is 40 km of way) are kept apart and looked at for every box."""

SAMPLE = 2_000_000
"""More segments than this have a thinned copy beside them for pictures from afar."""

EVERYWHERE = Bounds(-180, -85, 180, 85)
KEPT = 6


def cells(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.int64]:
    """The zoom 11 cell of EPSG:3857 points, row by row from the north-west."""
    side = WORLD_M / 2**CELL_ZOOM
    column = np.floor((x.astype(np.float64) + WORLD_M / 2) / side).astype(np.int64)
    row = np.floor((WORLD_M / 2 - y.astype(np.float64)) / side).astype(np.int64)
    cell: NDArray[np.int64] = row * 2**CELL_ZOOM + column
    return cell


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows sorted by cell; ``x1, y1`` is x, y again for points. float32 EPSG:3857 m. ``total`` over all cells.

    ``far`` are the segments longer than ``SHORT_M``, unsorted. ``thin`` is every ``step``-th row where there are more
    than ``SAMPLE``: the same rows for every picture, for a track must not end where two tiles meet.
    """

    x: Floats
    y: Floats
    x1: Floats
    y1: Floats
    cell: NDArray[np.int64]
    far: Quad
    thin: Sorted | None = None
    step: int = 1

    @property
    def total(self) -> int:
        return len(self.x) + len(self.far[0])

    @classmethod
    def of(cls, x: Floats, y: Floats, x1: Floats, y1: Floats) -> Sorted:
        """Of rows in any order."""
        short = np.maximum(np.abs(x1 - x), np.abs(y1 - y)) <= SHORT_M
        far = (x[~short], y[~short], x1[~short], y1[~short])
        x, y, x1, y1 = x[short], y[short], x1[short], y1[short]
        cell = cells(x, y)
        order = np.argsort(cell, kind="stable")
        rows = cls(x[order], y[order], x1[order], y1[order], cell[order], far)
        step = rows.total // SAMPLE
        return rows if step < 2 else replace(rows, thin=rows._every(step), step=step)

    def _every(self, step: int) -> Sorted:
        x, y, x1, y1 = (a[::step].copy() for a in (self.x, self.y, self.x1, self.y1))
        fx, fy, fx1, fy1 = (a[::step].copy() for a in self.far)
        return Sorted(x, y, x1, y1, self.cell[::step].copy(), (fx, fy, fx1, fy1))

    def near(self, box: Box, margin_m: float) -> Quad:
        """The rows of every cell that the box, widened by the margin, touches, and the long segments that reach it."""
        found = [self._short(box, margin_m + SHORT_M)]
        fx, fy, fx1, fy1 = self.far
        if len(fx):
            x0, y0, x1, y1 = box[0] - margin_m, box[1] - margin_m, box[2] + margin_m, box[3] + margin_m
            hit = (np.maximum(fx, fx1) >= x0) & (np.minimum(fx, fx1) <= x1)
            hit &= (np.maximum(fy, fy1) >= y0) & (np.minimum(fy, fy1) <= y1)
            found.append((fx[hit], fy[hit], fx1[hit], fy1[hit]))
        return _stacked(found)

    def _short(self, box: Box, margin_m: float) -> Quad:
        x0, y0, x1, y1 = box[0] - margin_m, box[1] - margin_m, box[2] + margin_m, box[3] + margin_m
        corners = cells(np.array([x0, x1]), np.array([y1, y0]))
        (top, left), (bottom, right) = (divmod(int(c), 2**CELL_ZOOM) for c in corners)
        if bottom - top >= ROWS:
            return self.x, self.y, self.x1, self.y1
        parts = []
        for row in range(top, bottom + 1):
            first = np.searchsorted(self.cell, row * 2**CELL_ZOOM + left, "left")
            last = np.searchsorted(self.cell, row * 2**CELL_ZOOM + right, "right")
            if last > first:
                parts.append(slice(int(first), int(last)))
        return _stacked([(self.x[p], self.y[p], self.x1[p], self.y1[p]) for p in parts])


def _stacked(parts: Sequence[Quad]) -> Quad:
    if len(parts) == 1:
        return parts[0]
    empty = np.empty(0, np.float32)
    x, y, x1, y1 = (np.concatenate([empty, *(part[i] for part in parts)]) for i in range(4))
    return x, y, x1, y1


def segments(columns: Columns, start: float, end: float) -> Sorted:
    """Fix to fix of one thing inside the window; needs x, y, t, thing, ordered by thing then time."""
    t, x, y, thing = (np.asarray(columns[name]) for name in ("t", "x", "y", "thing"))
    inside = (t > start) & (t <= end)
    t, x, y, thing = t[inside], x[inside], y[inside], thing[inside]
    if len(t) < 2:
        empty = np.empty(0, np.float32)
        return Sorted.of(empty, empty, empty, empty)
    gap = np.diff(t)
    length = np.hypot(np.diff(x.astype(np.float64)), np.diff(y.astype(np.float64)))
    # Mercator stretches by 1 / cos(latitude): at most 1.1 here, so the limit on speed is that much wider
    whole = (thing[1:] == thing[:-1]) & (gap <= GAP_S) & (length <= JUMP_M_S * 1.1 * np.maximum(gap, 60))
    return Sorted.of(x[:-1][whole], y[:-1][whole], x[1:][whole], y[1:][whole])


def points(columns: Columns, start: float, end: float) -> Sorted:
    """Every row of the window as a point; needs x, y, t."""
    t = np.asarray(columns["t"])
    inside = (t > start) & (t <= end)
    x, y = np.asarray(columns["x"])[inside], np.asarray(columns["y"])[inside]
    return Sorted.of(x, y, x, y)


class _Held:
    """The columns of one (service, kind, known), growing."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.columns: dict[str, NDArray[Any]] = {}
        self.start = self.end = 0.0
        self.read = self.afresh = -1e9
        self.edition = 0
        self.cut: dict[tuple[float, float, int], Sorted] = {}


class ColumnCache:
    """For all threads of a process. ``window`` gives the rows between two instants, sorted by place."""

    def __init__(self, reader: Reader, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._clock = clock
        self._held: dict[tuple[str, str, datetime | None], _Held] = {}
        self._lock = threading.Lock()

    def window(self, service: str, kind: type[Record], view: View) -> Sorted:
        """Segments for Position, points for the others, between ``view.start`` and ``view.end``."""
        key = (service, kind.__name__, view.known_at)
        with self._lock:
            held = self._held.pop(key, None) or _Held()
            self._held[key] = held  # the last used stands last
            while len(self._held) > KEPT:
                self._held.pop(next(iter(self._held)))
        start, end = view.start.timestamp(), view.end.timestamp()
        with held.lock:
            self._bring(held, service, kind, view, start, end)
            cut = (start, end, held.edition)
            if cut not in held.cut:
                held.cut = dict(list(held.cut.items())[-3:])
                make = segments if kind is Position else points
                held.cut[cut] = make(held.columns, start, end)
            return held.cut[cut]

    def _bring(self, held: _Held, service: str, kind: type[Record], view: View, start: float, end: float) -> None:
        """Have the window in memory: all of it, or what has come since the last time."""
        now = self._clock()
        covered = held.columns and held.start <= start <= held.end
        if not covered or now - held.afresh > AFRESH_S:
            held.columns = dict(self._columns(service, kind, view, start, end))
            held.start, held.end, held.read, held.afresh = start, end, now, now
            held.edition += 1
        elif end > held.end or now - held.read > HOLD_S:
            fresh_from = min(held.end, end) - LATE_S
            fresh = self._columns(service, kind, view, fresh_from, max(end, held.end))
            if not same(held.columns, fresh, fresh_from):  # else what was cut stays good
                held.columns = joined(held.columns, fresh, fresh_from)
                held.edition += 1
            held.end, held.read = max(end, held.end), now

    def _columns(self, service: str, kind: type[Record], view: View, start: float, end: float) -> Columns:
        span = replace(
            view,
            bounds=EVERYWHERE,
            start=datetime.fromtimestamp(start, UTC),
            end=datetime.fromtimestamp(end, UTC) + timedelta(seconds=1),
        )
        return self._reader.columns(service, kind, span)


def same(old: Columns, fresh: Columns, fresh_from: float) -> bool:
    """Whether an increment brought nothing: the rows after ``fresh_from`` are those that are held."""
    held, later = np.asarray(old["t"]) > fresh_from, np.asarray(fresh["t"]) > fresh_from
    pairs = ((np.asarray(old[name])[held], np.asarray(fresh[name])[later]) for name in old)
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs)


def joined(old: Columns, fresh: Columns, fresh_from: float) -> dict[str, NDArray[Any]]:
    """Old rows up to ``fresh_from`` and the fresh ones after it, ordered by thing (where there is one) then time.

    Both are so ordered already, and what is fresh is later: of each thing it goes in behind the old, without sorting.
    """
    keep = np.asarray(old["t"]) <= fresh_from
    later = np.asarray(fresh["t"]) > fresh_from
    kept = {name: np.asarray(old[name])[keep] for name in old}
    new = {name: np.asarray(fresh[name])[later] for name in old}
    if "thing" not in kept:
        return {name: np.concatenate([column, new[name]]) for name, column in kept.items()}
    behind = np.searchsorted(kept["thing"], new["thing"], "right")
    return {name: np.insert(column, behind, new[name]) for name, column in kept.items()}
