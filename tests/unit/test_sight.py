"""Which cameras see a place: sectors in metres, what is assumed, what order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from geodata.rules import sight

HOME = (107.59, 16.46)
GEOD = Geod(ellps="WGS84")


def away(azimuth: float, metres: float, start: tuple[float, float] = HOME) -> shapely.Point:
    lon, lat, _ = GEOD.fwd(*start, azimuth, metres)
    return shapely.Point(lon, lat)


def cameras(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    plain = {"geometry": shapely.Point(HOME), "state": "fresh", "azimuth_deg": 0.0, "fov_deg": 60.0, "range_m": 100.0}
    frame = gpd.GeoDataFrame([plain | dict(row) for row in rows], geometry="geometry", crs=4326)
    frame.index = [str(row.get("id", i)) for i, row in enumerate(rows)]
    return frame.rename_axis("id")


@pytest.mark.parametrize(
    ("azimuth", "metres", "seen"),
    [
        (0, 50, True),
        (29, 99, True),
        (-29, 99, True),
        (31, 50, False),
        (-31, 50, False),
        (0, 99.9, True),
        (0, 101, False),
        (180, 5, False),
    ],
)
@pytest.mark.parametrize("turn", [0.0, 90.0, 213.0, 359.0])
def test_a_point_is_seen_within_angle_and_reach_in_true_metres(
    azimuth: float, metres: float, turn: float, seen: bool
) -> None:
    found = sight.sees(cameras({"azimuth_deg": turn}), away(azimuth + turn, metres))
    assert len(found) == seen
    if seen:
        assert found["distance_m"].iloc[0] == pytest.approx(metres, abs=0.02)
        assert not found["assumed"].iloc[0]


@pytest.mark.parametrize("latitude", [9.0, 23.3])
def test_degrees_are_no_metres_at_any_latitude(latitude: float) -> None:
    start = (105.0, latitude)
    east = cameras({"geometry": shapely.Point(start), "azimuth_deg": 90.0, "range_m": 4000.0, "fov_deg": 2.0})
    assert len(sight.sees(east, away(90, 3990, start))) == 1
    assert len(sight.sees(east, away(90, 4010, start))) == 0
    assert len(sight.sees(east, away(91.5, 3900, start))) == 0


def test_the_nearest_first_and_those_that_are_not_live_with_their_state() -> None:
    place = away(0, 60)
    found = sight.sees(
        cameras(
            {"id": "far", "geometry": away(180, 20)},
            {"id": "dark", "state": "silent"},
            {"id": "near", "geometry": away(0, 30)},
            {"id": "turned", "azimuth_deg": 180.0},
        ),
        place,
    )
    assert list(found.index) == ["near", "dark", "far"]
    assert list(found["state"]) == ["fresh", "silent", "fresh"]
    assert found["distance_m"].is_monotonic_increasing
    assert found.crs.to_epsg() == 4326


def test_an_area_is_seen_when_the_sector_meets_it_and_one_inside_is_at_no_distance() -> None:
    corner, far = away(0, 80), away(45, 300)
    ahead = shapely.box(corner.x, corner.y, far.x, far.y)
    around = shapely.Point(HOME).buffer(0.0002)
    assert sight.sees(cameras({}), ahead)["distance_m"].iloc[0] == pytest.approx(80, abs=0.5)
    assert sight.sees(cameras({"azimuth_deg": 180.0}), ahead).empty
    inside = sight.sees(cameras({"id": "edge", "geometry": away(90, 15)}, {"id": "middle"}), around)
    assert list(inside["distance_m"]) == [0, 0]
    assert list(inside.index) == ["middle", "edge"]


@pytest.mark.parametrize(
    ("row", "azimuth", "metres", "seen"),
    [
        ({"azimuth_deg": None}, 170, 90, True),  # may look anywhere
        ({"azimuth_deg": None}, 170, 110, False),
        ({"fov_deg": None}, 29, 90, True),
        ({"fov_deg": 0.0}, 31, 90, False),
        ({"fov_deg": 500.0}, 29, 90, True),
        ({"range_m": None}, 0, 99, True),
        ({"range_m": -5.0}, 0, 101, False),
        ({"range_m": float("inf")}, 0, 101, False),
        ({"azimuth_deg": "north"}, 170, 90, True),
    ],
)
def test_what_is_not_told_is_assumed_and_said_so(
    row: Mapping[str, Any], azimuth: float, metres: float, seen: bool
) -> None:
    found = sight.sees(cameras(row), away(azimuth, metres))
    assert len(found) == seen
    assert found["assumed"].all()


def test_a_dome_that_tells_a_full_circle_assumes_nothing() -> None:
    found = sight.sees(cameras({"azimuth_deg": None, "fov_deg": 360.0}), away(200, 99))
    assert list(found["assumed"]) == [False]


def test_a_wide_angle_over_half_a_circle() -> None:
    wide = cameras({"fov_deg": 270.0})
    assert len(sight.sees(wide, away(130, 50))) == 1
    assert len(sight.sees(wide, away(180, 50))) == 0


@pytest.mark.parametrize(
    "area",
    [
        shapely.Point(),
        shapely.Polygon(),
        shapely.Point(float("nan"), 1),
        shapely.Polygon([(107.589, 16.459), (107.591, 16.461), (107.591, 16.459), (107.589, 16.461)]),
        shapely.LineString([(107.5, 16.46), (107.7, 16.46)]),
        shapely.box(100, 5, 118, 24),
    ],
)
def test_no_area_and_no_row_breaks_it(area: BaseGeometry) -> None:
    rows = cameras({}, {"geometry": None}, {"geometry": shapely.Point()}, {"azimuth_deg": np.nan, "range_m": None})
    for frame in (rows, rows.iloc[:0], rows.iloc[1:2], rows.drop(columns=["azimuth_deg", "fov_deg", "range_m"])):
        found = sight.sees(frame, area)
        assert {"distance_m", "assumed"} <= set(found.columns)
        assert len(found) <= len(frame)
