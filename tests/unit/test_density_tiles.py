"""What holds for every tile of a picture alike, and the segments against plain loops over the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import hypot

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.records import Position
from geodata.view import Bounds, View, mercator
from layers import density, raster
from layers.raster import Columns, Sorted

END = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
NOW = END.timestamp()
X0, Y0 = mercator(108.0, 16.9)
Leg = tuple[float, float, float, float]


def view(bounds: Bounds, width: int = 512, height: int = 512) -> View:
    return View(bounds, width, height, END - timedelta(days=1), END)


def fleet(seed: int, fixes: int = 60) -> Columns:
    """Four things with fixes at any times of the last 25 hours, ordered by thing then time."""
    roll = np.random.default_rng(seed)
    thing, t = roll.integers(0, 4, fixes), NOW - roll.uniform(0, 90_000, fixes)
    order = np.lexsort((t, thing))
    return {
        "x": (X0 + roll.uniform(-2e4, 2e4, fixes)).astype("f4"),
        "y": (Y0 + roll.uniform(-2e4, 2e4, fixes)).astype("f4"),
        "t": t[order],
        "thing": thing[order].astype("i4"),
    }


def by_hand(columns: Columns, start: float) -> list[Leg]:
    """Fix to fix of one thing inside the window, in plain loops."""
    t, x, y = (columns[name].tolist() for name in ("t", "x", "y"))
    out: list[Leg] = []
    for one in set(columns["thing"].tolist()):
        fixes = [i for i in np.flatnonzero(columns["thing"] == one).tolist() if start < t[i] <= NOW]
        for a, b in pairwise(fixes):
            gap, leg = t[b] - t[a], hypot(x[b] - x[a], y[b] - y[a])
            if gap <= 6 * 3600 and leg <= 60 * 1852 / 3600 * 1.1 * max(gap, 60):
                out.append((x[a], y[a], x[b], y[b]))
    return sorted(out)


def legs(rows: Sorted) -> list[Leg]:
    near = zip((rows.x, rows.y, rows.x1, rows.y1), rows.far, strict=True)
    return sorted(zip(*(np.concatenate(pair).tolist() for pair in near), strict=True))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), hours=st.floats(0, 26))
def test_segments_against_plain_loops(seed: int, hours: float) -> None:
    start = NOW - hours * 3600
    assert legs(raster.segments(fleet(seed), start, NOW)) == by_hand(fleet(seed), start)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.floats(0, 1), again=st.floats(0, 1))
def test_increments_joined_are_one_reading(seed: int, cut: float, again: float) -> None:
    every = fleet(seed)
    read_until = NOW - 90_000 * cut
    fresh_from = read_until - 9_000 * again
    old = {name: column[every["t"] <= read_until] for name, column in every.items()}
    fresh = {name: column[every["t"] > fresh_from] for name, column in every.items()}
    both = raster.joined(old, fresh, fresh_from)
    for name, column in every.items():
        np.testing.assert_array_equal(both[name], column)


def test_a_window_far_before_what_is_held_is_read_by_itself() -> None:
    """Looking at last month must not pull in all the days up to now."""
    asked: list[float] = []

    class Asked:
        def columns(self, service: str, kind: type, seen: View) -> Columns:
            asked.append((seen.end - seen.start).total_seconds())
            return fleet(1)

    cache = raster.ColumnCache(Asked(), lambda: 0.0)  # type: ignore[arg-type]  # the one method it calls
    now = view(Bounds(107, 16, 108, 17))
    month = timedelta(days=30)
    cache.window("fishing_vessels", Position, replace(now, start=now.start - month, end=now.end - month))
    cache.window("fishing_vessels", Position, now)
    assert max(asked) < 2 * 86_400
    cache.window("fishing_vessels", Position, replace(now, end=now.end + timedelta(minutes=5)))
    assert asked[-1] < 3600, "only what is new"


def test_an_increment_that_brings_nothing_costs_no_sorting() -> None:
    columns, clock = dict(fleet(2)), [0.0]

    class Quiet:
        def columns(self, service: str, kind: type, seen: View) -> Columns:
            inside = columns["t"] > seen.start.timestamp()
            return {name: column[inside] for name, column in columns.items()}

    cache = raster.ColumnCache(Quiet(), lambda: clock[0])  # type: ignore[arg-type]  # the one method it calls
    now = view(Bounds(107, 16, 108, 17))
    first = cache.window("fishing_vessels", Position, now)
    clock[0] += raster.HOLD_S + 1
    assert cache.window("fishing_vessels", Position, now) is first
    columns |= {name: np.append(column, column[-1:]) for name, column in columns.items()}
    columns["t"][-1] = NOW - 1
    clock[0] += raster.HOLD_S + 1
    assert cache.window("fishing_vessels", Position, now) is not first


def test_a_thinned_picture_shows_the_same_rows_in_every_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "SAMPLE", 1000)
    roll = np.random.default_rng(5)
    x, y = ((v + roll.normal(0, 900, 5001).cumsum()).astype(np.float32) for v in (X0, Y0))
    rows = Sorted.of(x[:-1], y[:-1], x[1:], y[1:])
    assert (rows.step, rows.total) == (5, 5000)
    north, south = Bounds.from_tile(7, 102, 57), Bounds.from_tile(7, 102, 58)
    both = View(Bounds(north.west, south.south, north.east, north.north), 512, 1024, END, END)
    whole = density.lines(rows, both).to_numpy()
    halves = np.vstack([density.lines(rows, view(box)).to_numpy() for box in (north, south)])
    every = density.lines(replace(rows, thin=None), both).to_numpy()
    assert whole.sum() == pytest.approx(every.sum(), rel=0.2), "each shown row stands for five"
    assert np.abs(whole[504:520] - halves[504:520]).mean() < 0.05


def test_spots_have_no_seam_and_keep_their_number() -> None:
    """A case at the very edge is spread into both tiles."""
    west, east = Bounds.from_tile(10, 819, 463), Bounds.from_tile(10, 820, 463)
    edge = mercator(west.east, 0)[0]
    y = np.full(2, (west.mercator[1] + west.mercator[3]) / 2, np.float32)
    rows = Sorted.of(*([np.array([edge - 60, edge + 60], np.float32), y] * 2))
    both = View(Bounds(west.west, west.south, east.east, west.north), 1024, 512, END, END)
    whole = density.spots(rows, both).to_numpy()
    halves = np.hstack([density.spots(rows, view(box)).to_numpy() for box in (west, east)])
    np.testing.assert_array_equal(whole, halves)
    assert whole.max() == 2
    assert density.spots(rows, view(west)).to_numpy()[:, -1].any()


def test_rows_that_come_between_two_tiles_do_not_move_the_span() -> None:
    assert density.span(9, 1_000_000) == density.span(9, 1_000_500)
    assert density.span(9, 2**20) == pytest.approx(500, rel=0.03), "a 512 px tile of zoom 8 has the pixels of zoom 9"


@given(zoom=st.floats(0, 20), total=st.integers(0, 10**9))
def test_the_span_grows_with_the_rows_and_falls_with_the_zoom(zoom: float, total: int) -> None:
    assert density.span(zoom, 4 * total + 4) >= density.span(zoom, total)
    assert density.span(zoom + 1, total) <= density.span(zoom, total)


def test_the_shore_s_edge_is_soft() -> None:
    """The mask of the land is antialiased: between clear and full lie steps."""
    shore = View(Bounds(107.6, 16.5, 107.72, 16.62), 512, 512, END, END)
    alpha = density.off_land(np.full((512, 512, 4), 255, np.uint8), shore)[..., 3]
    assert {0, 255} < set(np.unique(alpha).tolist())
