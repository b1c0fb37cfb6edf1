"""Badges stand clear of each other."""

from datetime import UTC, datetime

from shapely import Point

from geodata.view import Bounds, View
from layers import badges

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


def test_no_badge_no_offset() -> None:
    assert badges.offsets([], [], TOWN).empty


def test_an_arrow_and_a_unit_need_room() -> None:
    bare = badges.width_px("0,82", "", arrow=False)
    assert badges.width_px("0,82", "m", arrow=False) > bare + 4
    assert badges.width_px("0,82", "", arrow=True) == bare + 14
