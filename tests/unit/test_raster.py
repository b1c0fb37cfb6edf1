"""Columns cut by place and joined by increments, and the pictures made of them: without seams, on water only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.records import Position, Record
from geodata.view import WORLD_M, Bounds, View, mercator
from layers import density, raster
from layers.raster import Columns, Sorted

END = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
NOW = END.timestamp()


def view(bounds: Bounds, width: int = 512, height: int = 512) -> View:
    return View(bounds, width, height, END - timedelta(days=1), END)


def track(*fixes: tuple[float, float, float], thing: int = 1) -> Columns:
    """Fixes as seconds before the end, lon, lat."""
    places = np.array([mercator(lon, lat) for _, lon, lat in fixes])
    return {
        "x": places[:, 0].astype(np.float32),
        "y": places[:, 1].astype(np.float32),
        "t": np.array([NOW - age for age, _, _ in fixes]),
        "thing": np.full(len(fixes), thing, np.int32),
    }


def walk(seed: int, fixes: int = 4000, step_m: float = 900.0) -> Sorted:
    """Legs of a random walk off Huế."""
    roll = np.random.default_rng(seed)
    x0, y0 = mercator(108.0, 16.9)
    x = (x0 + roll.normal(0, step_m, fixes).cumsum()).astype(np.float32)
    y = (y0 + roll.normal(0, step_m, fixes).cumsum()).astype(np.float32)
    return Sorted.of(x[:-1], y[:-1], x[1:], y[1:])


def test_a_track_becomes_segments_of_one_vessel() -> None:
    one = track((3600, 107.9, 16.7), (1800, 107.92, 16.71), (0, 107.94, 16.72))
    two = track((3000, 108.3, 16.9), (600, 108.32, 16.9), thing=2)
    both = {name: np.concatenate([one[name], two[name]]) for name in one}
    assert raster.segments(both, NOW - 86400, NOW).total == 3


@pytest.mark.parametrize(
    ("gap_s", "degrees", "whole"),
    [(3600, 0.1, True), (6 * 3600, 0.1, True), (6 * 3600 + 1, 0.1, False), (600, 0.1, True), (60, 0.1, False)],
)
def test_long_gaps_and_impossible_jumps_part_a_track(gap_s: float, degrees: float, whole: bool) -> None:
    """0,1° is 10,7 km: in ten minutes 35 knots, in one minute 346."""
    found = raster.segments(track((gap_s, 108.0, 16.5), (0, 108.0 + degrees, 16.5)), NOW - 86400, NOW)
    assert found.total == int(whole)


def test_rows_outside_the_window_are_left_out() -> None:
    found = raster.segments(track((90000, 107.9, 16.7), (1800, 107.9, 16.7), (0, 107.9, 16.7)), NOW - 86400, NOW)
    assert found.total == 1
    later = track((1800, 107.9, 16.7), (-60, 107.9, 16.7))
    assert raster.segments(later, NOW - 86400, NOW).total == 0
    assert raster.points(later, NOW - 86400, NOW).total == 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), zoom=st.integers(6, 14), step_m=st.sampled_from([200.0, 5_000.0, 60_000.0]))
def test_near_finds_every_segment_that_touches_a_box(seed: int, zoom: int, step_m: float) -> None:
    rows = walk(seed, 300, step_m)
    x0, y0 = mercator(108.0, 16.9)
    side = 40_075_016 / 2**zoom
    box = (x0 - side / 2, y0 - side / 2, x0 + side / 2, y0 + side / 2)
    near = set(zip(*(a.tolist() for a in rows.near(box, 0)), strict=True))
    fx, fy, fx1, fy1 = rows.far
    every = zip(*(np.concatenate(p) for p in ((rows.x, fx), (rows.y, fy), (rows.x1, fx1), (rows.y1, fy1))), strict=True)
    for a, b, c, d in every:
        touches = max(a, c) >= box[0] and min(a, c) <= box[2] and max(b, d) >= box[1] and min(b, d) <= box[3]
        assert not touches or (a, b, c, d) in near


def test_a_small_box_touches_few_rows() -> None:
    rows = walk(3, 20_000, 3000)
    x, y = float(rows.x[len(rows.x) // 2]), float(rows.y[len(rows.x) // 2])
    assert 0 < len(rows.near((x, y, x + 1000, y + 1000), 0)[0]) < rows.total / 10


def test_increments_are_joined_in_order() -> None:
    old = track((7200, 107.9, 16.7), (3600, 107.9, 16.7), (1800, 107.9, 16.7))
    fresh = track((3600, 107.9, 16.7), (1800, 107.95, 16.7), (900, 107.9, 16.7))
    found = raster.joined(old, fresh, NOW - 3600)
    assert found["t"].tolist() == [NOW - 7200, NOW - 3600, NOW - 1800, NOW - 900]
    assert found["x"][2] == pytest.approx(mercator(107.95, 16.7)[0], abs=1), "a revised row wins"


def test_tiles_of_one_zoom_have_no_seam() -> None:
    rows = walk(11)
    left, right = Bounds.from_tile(10, 819, 463), Bounds.from_tile(10, 820, 463)
    both = View(Bounds(left.west, left.south, right.east, left.north), 1024, 512, END, END)
    whole = density.lines(rows, both).to_numpy()
    halves = np.hstack([density.lines(rows, view(box)).to_numpy() for box in (left, right)])
    assert whole.max() > 0
    edge = slice(504, 520)
    assert np.abs(whole[:, edge] - halves[:, edge]).mean() < 0.05


def test_the_span_is_the_zoom_s_not_the_tile_s() -> None:
    assert density.span(9.2, 2**20) == density.span(9, 2**20)
    assert density.span(8, 2**20) > density.span(10, 2**20) > density.span(12, 2**20)
    assert density.span(20, 2**20) == density.span(14, 2**20)
    assert density.span(9, 2**22) == pytest.approx(2 * density.span(9, 2**20))
    assert density.span(12, 0) >= 4


def test_a_few_more_rows_change_no_colour() -> None:
    """Rows that come between two tiles of one picture must not make a seam."""
    assert density.span(9, 2**20 + 5000) == density.span(9, 2**20)


def test_every_tile_shows_the_same_thinned_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "SAMPLE", 1000)
    rows = walk(5, 6000, 3000)
    assert rows.thin is not None
    assert rows.thin.total * rows.step == pytest.approx(rows.total, rel=0.01)
    x, y = tile_under(float(np.median(rows.x)), float(np.median(rows.y)), 7)
    left, right = Bounds.from_tile(7, x, y), Bounds.from_tile(7, x + 1, y)
    both = View(Bounds(left.west, left.south, right.east, left.north), 1024, 512, END, END)
    whole = density.lines(rows, both).to_numpy()
    halves = np.hstack([density.lines(rows, view(box)).to_numpy() for box in (left, right)])
    assert whole.max() > 0
    assert np.abs(whole - halves)[:, 504:520].mean() < 0.05


def tile_under(x: float, y: float, z: int) -> tuple[int, int]:
    side = WORLD_M / 2**z
    return floor((x + WORLD_M / 2) / side), floor((WORLD_M / 2 - y) / side)


class Memory:
    """Rows of three days in memory, and every span that was asked for."""

    def __init__(self) -> None:
        ages = np.arange(3 * 24) * 3600.0
        self.rows = track(*((age, 107.9 + age / 1e7, 16.7) for age in ages[::-1]))
        self.asked: list[tuple[float, float]] = []

    def columns(self, service: str, kind: type[Record], seen: View) -> Columns:
        start, end = seen.start.timestamp(), seen.end.timestamp()
        self.asked.append((start, end))
        inside = (self.rows["t"] > start) & (self.rows["t"] <= end)
        return {name: column[inside] for name, column in self.rows.items()}


def test_a_window_of_the_past_is_read_by_itself() -> None:
    """What lies between it and what is held is not read along."""
    memory = Memory()
    cache = raster.ColumnCache(memory)  # type: ignore[arg-type]  # the only method that it calls
    day = timedelta(days=1)
    old = replace(view(Bounds(107, 16, 109, 17)), start=END - 3 * day, end=END - 2.5 * day)
    new = replace(old, start=END - day / 2, end=END)
    assert [cache.window("fishing_vessels", Position, one).total for one in (old, new)] == [11, 11]
    assert [end - start for start, end in memory.asked] == pytest.approx([43200 + 1, 43200 + 1])
    for (_, end), (start, _) in pairwise(memory.asked):
        assert start > end


def test_an_empty_pixel_is_clear_and_more_is_lighter() -> None:
    rows = Sorted.of(*(np.array([], np.float32) for _ in range(4)))
    empty = density.lines(rows, view(Bounds(108, 16, 109, 17)))
    assert empty.shape == (512, 512)
    assert not density.colored(empty, "bien")[..., 3].any()
    ladder = empty.copy(data=np.tile(np.arange(512.0), (512, 1)))
    ladder.attrs = {"zoom": 8.0, "total": 10**6}
    rgba = density.colored(ladder, "bien")
    assert rgba[0, 0, 3] == 0
    light = rgba[0, :, :3].astype(int).sum(axis=1)
    assert (np.diff(light[1:]) >= 0).all()


def test_tracks_lie_on_water_only() -> None:
    over_land = view(Bounds(107.3, 16.1, 107.5, 16.3))
    full = np.full((512, 512, 4), 255, np.uint8)
    assert density.off_land(full, over_land)[..., 3].max() == 0
    at_sea = view(Bounds(109.0, 17.0, 109.2, 17.2))
    assert density.off_land(full, at_sea)[..., 3].min() == 255


def test_a_case_is_a_spot_of_its_place() -> None:
    box = Bounds(107.5, 16.4, 107.6, 16.5)
    x, y = (np.array([v], np.float32) for v in mercator(107.55, 16.45))
    counts = density.spots(Sorted.of(x, y, x, y), view(box)).to_numpy()
    rows, columns = np.nonzero(counts)
    assert abs(rows.mean() - 256) < 2
    assert abs(columns.mean() - 256) < 2
    assert counts.max() == 1
