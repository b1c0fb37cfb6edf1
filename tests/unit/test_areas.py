"""Areas: their codes both ways, their measures beside PROJ's own, what lies inside."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod

from geodata import areas, geography
from geodata.areas import AreaGone, BadArea
from geodata.view import Bounds

HUE = 9214
SQUARE = [(107.58, 16.46), (107.60, 16.46), (107.60, 16.48), (107.58, 16.48)]
corner = st.tuples(st.floats(100, 118), st.floats(6, 24))


@given(st.lists(corner, min_size=3, max_size=40))
def test_a_drawn_area_survives_its_code(corners: list[tuple[float, float]]) -> None:
    try:
        drawn = areas.drawn(corners)
    except BadArea:  # all on one line
        assume(False)
    again = areas.parse(drawn.code)
    assert again == drawn
    assert again.shape.is_valid
    assert areas._unpacked(drawn.code[1:]) == pytest.approx(np.array(corners), abs=0.6e-5)


def test_a_box_a_circle_and_units_survive_their_codes() -> None:
    made = [
        areas.box(Bounds(107.5, 16.4, 107.7, 16.5)),
        areas.circle(107.59, 16.46, 500, "Cầu Trường Tiền, số 1"),
        areas.unit("19789"),
        areas.unit("474", old=True),
    ]
    assert [areas.parse(area.code) for area in made] == made
    assert made[1].title_vi == "Bán kính 500 m quanh Cầu Trường Tiền, số 1"
    assert made[2].approximate
    assert "(cũ), nay: " in made[3].title_vi


def test_a_circle_is_round_on_the_ground_and_measures_are_the_ellipsoids() -> None:
    around = areas.circle(107.59, 16.46, 500)
    lon, lat = shapely.get_coordinates(around.shape)[:-1].T
    _, _, away = Geod(ellps="WGS84").inv(np.full(len(lon), 107.59), np.full(len(lat), 16.46), lon, lat)
    assert away == pytest.approx(500, abs=0.01)
    extent = areas.extent(around, HUE)
    assert extent.area_m2 == pytest.approx(np.pi * 500**2, rel=2e-3)
    square = areas.extent(areas.drawn(SQUARE), HUE)
    assert square.area_m2 == pytest.approx(4_726_689, rel=1e-6)
    east, north = square.vn2000[2] - square.vn2000[0], square.vn2000[3] - square.vn2000[1]
    assert east * north == pytest.approx(square.area_m2, rel=0.01)
    assert square.srid == HUE


def test_an_object_tells_its_own_area_or_that_it_is_gone() -> None:
    code = areas.object_code("warnings", "vrain,1,2026")
    shape = shapely.box(107.5, 16.4, 107.7, 16.5)
    area = areas.parse(code, lambda service, key: (shape, f"{service} {key}"))
    assert area.shape.equals(shape)
    assert area.title_vi == "warnings vrain,1,2026"
    with pytest.raises(AreaGone, match="vrain"):
        areas.parse(code, lambda service, key: None)
    with pytest.raises(AreaGone):
        areas.parse(code, lambda service, key: (shapely.Point(107, 16), "a point"))


@pytest.mark.parametrize(
    "code",
    ["", "g", "gAAAA", "gáá", "g!!", "x1,2", "xnan,1,2,3", "x5,5,5,5", "c1,2,nan", "c1,2,1e9", "c95,2,100", "w99999",
     "o1", "p:", "phue:x", "s~", "s<b>~x", "z1", "g" + "A" * 5000],
)  # fmt: skip
def test_what_is_no_area_is_told_in_one_line(code: str) -> None:
    assert not areas.valid(code)
    with pytest.raises((BadArea, AreaGone)) as caught:
        areas.parse(code)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_an_area_or_is_refused(text: str) -> None:
    assert areas.valid(text) in {True, False}


def test_inside_is_what_meets_the_area_in_the_frames_order() -> None:
    shapes = [
        shapely.Point(107.59, 16.47),
        shapely.Point(108, 16.47),
        None,
        shapely.LineString([(107, 16.47), (108, 16.47)]),
    ]
    frame = gpd.GeoDataFrame({"n": range(4)}, geometry=shapes, crs=4326)
    assert areas.inside(frame, areas.drawn(SQUARE))["n"].tolist() == [0, 3]
    assert len(areas.inside(frame.iloc[:0], areas.drawn(SQUARE))) == 0


def test_a_units_lines_are_known_in_the_provinces_of_the_cities_only() -> None:
    ours = str(geography.collection("wards")["id"].iloc[0])
    assert areas.has_lines(ours)
    assert not areas.has_lines("00922")
