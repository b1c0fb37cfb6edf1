"""Lines at sea against the figures published for them: points, lengths, and where one ends on another."""

from __future__ import annotations

import pytest
from pyproj import Geod
from shapely.geometry import Point

from geodata.sea_lines import inshore_zone, sea_lines

GEOD = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("name", "points", "km"), [("gulf_of_tonkin", 21, 506.2), ("thailand", 2, 141.2), ("indonesia_shelf", 6, 464.3)]
)
def test_agreed_lines_have_their_published_length(name: str, points: int, km: float) -> None:
    line = sea_lines()[name]
    assert line.status == "agreed"
    assert len(line.points) == points
    assert GEOD.geometry_length(line.geometry) / 1000 == pytest.approx(km, abs=0.05)


@pytest.mark.parametrize(
    ("name", "number", "lon", "lat"),
    [
        ("gulf_of_tonkin", 1, 108.101194, 21.470139),
        ("gulf_of_tonkin", 7, 108.095472, 21.452278),
        ("gulf_of_tonkin", 21, 107.966667, 17.783333),
        ("indonesia_shelf", 5, 109.286944, 6.8375),
        ("tuyen_bo", 7, 107.343056, 17.160833),
    ],
)
def test_points_are_the_published_ones(name: str, number: int, lon: float, lat: float) -> None:
    assert sea_lines()[name].points[number - 1] == pytest.approx((lon, lat), abs=1e-6)


def test_fishing_zone_lines_are_for_reference_and_say_so() -> None:
    zones = [line for line in sea_lines().values() if line.kind == "fishing_zone"]
    assert [line.id for line in zones] == ["tuyen_bo", "tuyen_long"]
    for line in zones:
        assert line.status == "reference"
        assert "tham khảo" in line.title("vi")
        assert "reference" in line.title("en")
        assert line.replaced
        assert len(line.points) == 18


def test_the_lines_meet_where_they_are_known_to_meet() -> None:
    gulf, coast, inshore = (sea_lines()[name] for name in ("gulf_of_tonkin", "tuyen_bo", "tuyen_long"))
    assert coast.points[0] == gulf.points[8]
    assert gulf.geometry.distance(Point(inshore.points[0])) < 1e-3


def test_the_inshore_zone_is_a_ring_off_hue() -> None:
    zone = inshore_zone()
    assert zone.is_valid
    assert zone.contains(Point(107.95, 16.75))
    assert not zone.contains(Point(107.6, 16.46))
    assert not zone.contains(Point(109.5, 17.5))
