"""Where a station's number stands when others stand on it."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point

from geodata.view import Bounds, View, mercator
from layers.air_quality import PILL_PX, WALL_SCALE, clear
from layers.base import Among
from layers.labels import touched

START, END = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
VIEW = View(Bounds(107.3, 16.2, 107.9, 16.7), 1200, 1000, START, END)
NONE = np.empty((0, 4))


def stations(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    rows = [{"id": f"a{i}", "mark": "aqi", "level": 0} for i, _ in enumerate(places)]
    frame = gpd.GeoDataFrame(rows, columns=["id", "mark", "level"], geometry=[Point(*p) for p in places], crs=4326)
    return frame.set_index("id")


def px(lon: float, lat: float) -> tuple[float, float]:
    x0, _, _, y1 = VIEW.bounds.mercator
    x, y = mercator(lon, lat)
    return (x - x0) / VIEW.resolution_m, (y1 - y) / VIEW.resolution_m


def test_a_number_that_nothing_covers_stays_on_its_place() -> None:
    found = clear(stations((107.6, 16.45), (107.4, 16.3)), VIEW, Among(NONE, NONE))
    assert not found[["dx", "dy"]].to_numpy().any()


@pytest.mark.parametrize("wall", [False, True])
def test_a_covered_number_steps_aside_and_covers_nothing_itself(wall: bool) -> None:
    x, y = px(107.6, 16.45)
    hard = np.array([[x - 6, y - 6, x + 6, y + 6], [x + 20, y - 10, x + 60, y + 10]])
    found = clear(stations((107.6, 16.45)), VIEW, Among(hard, NONE, wall=wall)).iloc[0]
    scale = WALL_SCALE if wall else 1.0
    across, up = (half * scale for half in PILL_PX)
    at = x + found["dx"] * scale, y + found["dy"] * scale
    assert (found["dx"], found["dy"]) != (0, 0)
    assert not touched(hard, (at[0] - across, at[1] - up, at[0] + across, at[1] + up), 0)
    assert found.get("scale", 1.0) == scale


def test_where_there_is_no_room_a_number_stays() -> None:
    x, y = px(107.6, 16.45)
    hard = np.array([[x - 300, y - 300, x + 300, y + 300]])
    found = clear(stations((107.6, 16.45)), VIEW, Among(hard, NONE)).iloc[0]
    assert (found["dx"], found["dy"]) == (0, 0)


def test_no_stations_are_no_numbers() -> None:
    assert clear(stations(), VIEW, Among(NONE, NONE)).empty
