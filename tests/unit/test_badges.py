"""Badges stand clear of each other."""

from datetime import UTC, datetime

import numpy as np
import pytest
from shapely import Point

from geodata.view import Bounds, View, mercator
from layers import badges
from layers.base import Among
from layers.labels import touched
from layers.numbers import WALL_NUMBERS

NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)
TOWN = View(Bounds(107.5, 16.4, 107.6, 16.48), 1000, 830, NOW, NOW)


def test_a_badge_alone_stands_at_the_left() -> None:
    found = badges.offsets([Point(107.55, 16.44)], [80.0], TOWN)
    assert found.to_numpy().tolist() == [[-56.0, 0.0]]


def test_neighbours_take_different_sides() -> None:
    near = [Point(107.55, 16.44), Point(107.5505, 16.44), Point(107.551, 16.44)]
    found = badges.offsets(near, [80.0] * 3, TOWN)
    assert len({tuple(row) for row in found.to_numpy().tolist()}) == 3


def test_no_room_drops_no_number() -> None:
    found = badges.offsets([Point(107.55, 16.44)] * 9, [80.0] * 9, TOWN)
    assert len(found) == 9
    assert found.notna().all().all()


NONE = np.empty((0, 4))


@pytest.mark.parametrize("wall", [False, True])
@pytest.mark.parametrize("wide", [20, 120])
def test_a_badge_stands_clear_of_another_layers_marks(wide: float, wall: bool) -> None:
    """As near as it can: at another side, else farther away."""
    x0, _, _, y1 = TOWN.bounds.mercator
    x, y = mercator(107.55, 16.44)
    x, y = (x - x0) / TOWN.resolution_m, (y1 - y) / TOWN.resolution_m
    cameras = np.array(
        [[x - wide, y - 10, x - 10, y + 10], [x + 10, y - 10, x + wide, y + 10], [x - 6, y - 60, x + 6, y]]
    )
    (dx, dy) = badges.offsets([Point(107.55, 16.44)], [80.0], TOWN, Among(cameras, NONE, wall=wall)).to_numpy()[0]
    large = WALL_NUMBERS["badge"] if wall else 1.0
    at, half = (x + dx * large, y + dy * large), (40 * large, 13 * large)
    assert not touched(cameras, (at[0] - half[0], at[1] - half[1], at[0] + half[0], at[1] + half[1]), 0)


def test_where_others_leave_no_room_badges_still_stand_clear_of_each_other() -> None:
    everything = Among(np.array([[-9999.0, -9999.0, 9999.0, 9999.0]]), NONE)
    found = badges.offsets([Point(107.55, 16.44), Point(107.5505, 16.44)], [80.0] * 2, TOWN, everything).to_numpy()
    assert found[0].tolist() == [-56.0, 0.0]
    assert found[1].tolist() != [-56.0, 0.0]


def test_no_badge_no_offset() -> None:
    assert badges.offsets([], [], TOWN).empty


def test_an_arrow_and_a_unit_need_room() -> None:
    bare = badges.width_px("0,82", "", arrow=False)
    assert badges.width_px("0,82", "m", arrow=False) > bare + 4
    assert badges.width_px("0,82", "", arrow=True) == bare + 14
