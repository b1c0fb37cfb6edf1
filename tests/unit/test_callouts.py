"""Numbers and letters on the wall's map: clear of each other, of what they point at and of the numbers of stations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.panels import callouts
from app.panels.callout_places import CIRCLE_PX, Ground, crossing, place, through, within
from app.panels.wall_have import Spot
from geodata.view import Bounds, View, mercator
from layers import footprints
from layers.elements import Marks

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_letters_and_numbers_stand_clear_of_each_other() -> None:
    view = View(Bounds(107.4, 16.3, 107.8, 16.6), 1600, 1200, NOW - HOUR, NOW)
    spots = [Spot(t, m, 0, "fresh", (107.6, 16.45)) for t, m in (("1", "callout"), ("A", "letter"), ("B", "letter"))]
    drawn = callouts.element([*spots, Spot("2", "callout", 2, "fresh", None)], view, 1.0)
    assert list(drawn.dimension_values("text")) == ["1", "A", "B"]
    at = list(zip(drawn.dimension_values("dx"), drawn.dimension_values("dy"), strict=True))
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) > 20 for i, a in enumerate(at) for b in at[:i])
    assert set(callouts.boxed(drawn).dimension_values("mark")) == {"callout"}


def test_a_place_that_is_pointed_at_is_kept_free() -> None:
    view = View(Bounds(107.4, 16.3, 107.8, 16.6), 1600, 1200, NOW - HOUR, NOW)
    spots = [Spot("1", "callout", 3, "fresh", (107.6, 16.45)), Spot("2", "callout", 3, "fresh", (109.0, 16.4))]
    ((left, top, right, bottom),) = callouts.places([*spots, Spot("3", "callout", 3, "fresh", None)], view, 1.0)
    assert (left + right) / 2 == pytest.approx(800, abs=2)
    assert (right - left, bottom - top) == pytest.approx((16, 16))
    assert callouts.places([], view, 1.0).shape == (0, 4)


@pytest.mark.parametrize("seed", range(6))
def test_leaders_never_cross(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in random.uniform((800, 500), (1100, 700), (11, 2))]
    points.append(points[0])  # two cameras on one mast
    corner = random.uniform((0, 0), (1900, 1000), (120, 2))
    covered = np.column_stack([corner, corner + 20])
    offsets = place(points, Ground(1960.0, 1100.0, 1.1, covered[:20], covered))
    leaders = [(p, (p[0] + dx * 1.1, p[1] + dy * 1.1)) for p, (dx, dy) in zip(points, offsets, strict=True)]
    crossed = [(i, j) for i, one in enumerate(leaders) for j in range(i) if crossing(one, leaders[j])]
    assert not crossed
    ends = [end for _, end in leaders]
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) > 30 for i, a in enumerate(ends) for b in ends[:i])


@pytest.mark.parametrize("seed", range(6))
def test_in_a_crowd_no_call_out_hides_another_nor_a_station(seed: int) -> None:
    """Five cameras and five incidents of one quarter, hundreds of marks around them, two gauges."""
    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in random.normal((950, 600), (60, 40), (10, 2))]
    corner = random.normal((940, 590), (220, 160), (500, 2))
    gauges = np.array([[760.0, 500.0, 880.0, 540.0], [730.0, 700.0, 850.0, 740.0]])
    offsets = place(points, Ground(1960.0, 1100.0, 1.1, covered=np.column_stack([corner, corner + 20]), numbers=gauges))
    ends = [(x + dx * 1.1, y + dy * 1.1) for (x, y), (dx, dy) in zip(points, offsets, strict=True)]
    least = 2 * CIRCLE_PX * 1.1 - 1e-6
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) >= least for i, a in enumerate(ends) for b in ends[:i])
    reach = CIRCLE_PX * 1.1
    for x, y in ends:
        assert not ((gauges[:, 0] - reach < x) & (x < gauges[:, 2] + reach)
                    & (gauges[:, 1] - reach < y) & (y < gauges[:, 3] + reach)).any()  # fmt: skip


def test_a_leader_runs_through_no_number_of_a_station() -> None:
    gauge = np.array([[500.0, 540.0, 640.0, 580.0], [700.0, 400.0, 800.0, 440.0]])
    mark = (570.0, 520.0)
    # every nearer place above it is covered
    above = np.array([[400.0 + 10 * i, 300.0, 420.0 + 10 * i, 515.0] for i in range(35)])
    ((dx, dy),) = place([mark], Ground(1200.0, 840.0, 1.0, covered=above, numbers=gauge))
    t = np.linspace(0, 1, 50)
    x, y = mark[0] + t * dx, mark[1] + t * dy
    assert not ((x > 500) & (x < 640) & (y > 540) & (y < 580)).any()


@pytest.mark.parametrize("seed", range(1, 30, 3))
def test_among_many_gauges_no_leader_runs_through_a_number_and_none_crosses_another(seed: int) -> None:
    """Call-outs that change places to untangle their leaders look at what lies under the new ones."""
    random = np.random.default_rng(seed)
    points = [(float(x), float(y)) for x, y in random.normal((950, 600), (90, 60), (10, 2))]
    corner = random.normal((950, 600), (200, 130), (10, 2))
    gauges = np.column_stack([corner, corner + np.array([100, 40])])
    corner = random.normal((940, 590), (220, 160), (300, 2))
    ground = Ground(1960.0, 1100.0, 1.1, covered=np.column_stack([corner, corner + 20]), numbers=gauges)
    offsets = place(points, ground)
    leaders = [(p, (p[0] + dx * 1.1, p[1] + dy * 1.1)) for p, (dx, dy) in zip(points, offsets, strict=True)]
    assert not any(through(gauges, mark, np.asarray([end])).any() for mark, end in leaders)
    assert not within(gauges, np.asarray([end for _, end in leaders]), CIRCLE_PX * 1.1).any()
    assert not any(crossing(one, other) for i, one in enumerate(leaders) for other in leaders[:i])


def test_a_number_in_a_corner_beside_the_inset_is_whole() -> None:
    width, height, k, mark = 1200.0, 840.0, 1.1, (18.0, 822.0)
    inset = np.array([[24.0, 540.0, 224.0, 815.0]])
    ((dx, dy),) = place([mark], Ground(width, height, k, inset))
    x, y = mark[0] + dx * k, mark[1] + dy * k
    edge = CIRCLE_PX * k
    assert edge < x < width - edge
    assert edge < y < height - edge
    assert not (24 - edge < x < 224 + edge and 540 - edge < y < 815 + edge)


def test_call_outs_stand_clear_of_each_other_and_of_the_edge() -> None:
    points = [(30.0, 30.0), (40.0, 36.0), (60.0, 40.0), (1180.0, 700.0), (600.0, 300.0)]
    offsets = place(points, Ground(1200, 720, 1.0))
    places = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(points, offsets, strict=True)]
    assert all(0 < x < 1200 and 0 < y < 720 for x, y in places)
    gaps = [((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for i, a in enumerate(places) for b in places[:i]]
    assert min(gaps) > 36  # two circles of radius 18


def test_a_number_that_stands_away_from_its_place_is_its_pill_alone() -> None:
    """One box over both would hold the marks between them too, and a leader may run through what holds its own mark."""
    view = View(Bounds(107.4, 16.3, 107.8, 16.6), 1600, 1200, NOW - HOUR, NOW)
    x, y = mercator(107.6, 16.45)
    rows = {"x": [x], "y": [y], "mark": ["badge"], "text": ["3,22"], "unit": ["m"], "trend": [1.0],
            "dx": [-60.0], "dy": [40.0]}  # fmt: skip
    badge = Marks(rows, ["x", "y"], [name for name in rows if name not in {"x", "y"}])
    ((left, top, right, bottom),) = footprints.numbers([badge], view, 1.0)
    assert right - left > 40
    x0, _, _, y1 = view.bounds.mercator
    u, v = (x - x0) / view.resolution_m, (y1 - y) / view.resolution_m
    assert (bottom - top, (left + right) / 2, (top + bottom) / 2) == pytest.approx((26, u - 60, v + 40))
    hard, _ = footprints.covered([badge], view, 1.0)
    assert within(hard, np.array([[u, v]]), 0.0).any(), "its place is covered too"
    assert not within(hard, np.array([[u - 10, v + 40]]), 0.0).any()
