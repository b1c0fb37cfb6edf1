"""Tiles of the basemap: what is land and sea, no seams, the islands at every zoom, waterlines where they belong."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image

from geodata.view import WORLD_M, Bounds, mercator
from layers import basemap, ground, palette
from layers.agg import painted
from layers.palette import BASEMAP
from layers.streets import Streets, road_class

HUE_STATION = (107.575, 16.455)
DA_NANG = (108.10, 16.00)  # inland of the bay
HOANG_SA = (111.6, 16.53)
TRUONG_SA = (111.918, 8.645)
CAU_HAI = (107.86, 16.33)  # the lagoon's middle
OPEN_SEA = (109.4, 17.0)


def at(z: int, lon: float, lat: float) -> tuple[int, int, int, int]:
    """Tile x, y and the pixel's column, row in its 512 px picture."""
    x, y = mercator(lon, lat)
    fx, fy = (x / WORLD_M + 0.5) * 2**z, (0.5 - y / WORLD_M) * 2**z
    return int(fx), int(fy), int(fx % 1 * 512), int(fy % 1 * 512)


def rgb(png: bytes) -> NDArray[np.int64]:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB")).astype(np.int64)


def colour(name: str) -> NDArray[np.float64]:
    return 255 * np.array(palette.rgb(BASEMAP[name]))


def pixel(z: int, place: tuple[float, float], style: str = "desk", city: str | None = "hue") -> NDArray[np.int64]:
    x, y, column, row = at(z, *place)
    return np.asarray(rgb(basemap.tile(z, x, y, style, city=city))[row, column])


@pytest.mark.parametrize("z", [9, 11, 13])
@pytest.mark.parametrize(
    ("place", "name"), [(DA_NANG, "outside"), (OPEN_SEA, "sea")], ids=["land outside the city", "open sea"]
)
def test_colours_of_the_ground(z: int, place: tuple[float, float], name: str) -> None:
    assert np.abs(pixel(z, place) - colour(name)).max() <= 6


def test_the_city_is_not_dimmed_and_others_are() -> None:
    near = Bounds(107.585, 16.40, 107.595, 16.41)  # a patch without river or line
    for city, name in (("hue", "land"), ("nghe_an", "outside"), (None, "land")):
        got = basemap.picture(near, 64, 64, city=city)
        assert np.abs(np.median(got.reshape(-1, 3), axis=0) - colour(name)).max() <= 2, city


def test_lagoon_is_water_with_waterlines() -> None:
    got = basemap.picture(Bounds(107.82, 16.29, 107.90, 16.36), 400, 360).reshape(-1, 3)
    land = (np.abs(got - colour("land")).max(axis=1) <= 3).mean()
    sea = (np.abs(got - colour("sea")).max(axis=1) <= 3).mean()
    assert land < 0.2
    assert sea > 0.4
    assert np.abs(pixel(11, CAU_HAI) - colour("land")).max() > 8


@pytest.mark.parametrize("z", range(4, 15))
@pytest.mark.parametrize("place", [HOANG_SA, TRUONG_SA], ids=["Hoang Sa", "Truong Sa"])
def test_the_archipelagos_are_drawn_at_every_zoom(z: int, place: tuple[float, float]) -> None:
    islands = ground.islands()[1]
    x, y = mercator(*place)
    nearest = islands[np.argmin(shapely.distance(islands, shapely.Point(x, y)))]
    half = 64 * WORLD_M / 512 / 2**z
    box = (nearest.x - half, nearest.y - half, nearest.x + half, nearest.y + half)
    inks = basemap.scene(box, half / 64, z, 1.3)
    near = painted(box, 128, 128, inks, BASEMAP["sea"]).rgba()[..., :3].astype(int)
    assert near.sum(axis=2).max() > colour("land").sum() + 100  # an island's dot or shore, far lighter than land


def test_far_away_and_far_out_is_flat_sea() -> None:
    flat = basemap.flat()
    assert basemap.tile(0, 0, 0) == flat
    assert basemap.tile(3, 6, 3) == flat
    assert basemap.tile(8, 10, 100) == flat  # another ocean
    assert basemap.tile(12, 4095, 4095) == flat
    assert (rgb(flat) == colour("sea").round()).all()


@pytest.mark.parametrize("style", ["desk", "wall"])
@pytest.mark.parametrize("z", [8, 12])
def test_neighbouring_tiles_have_no_seam(style: str, z: int) -> None:
    """Two tiles side by side are the picture of both at once, up to their edge."""
    x, y, *_ = at(z, 107.65, 16.53)
    k, resolution = basemap.STROKE[style], WORLD_M / 512 / 2**z
    left, right = (basemap.tile_box(z, x + i, y) for i in (0, 1))
    both = (left[0], left[1], right[2], right[3])

    def drawn(box: ground.Box, width: int) -> NDArray[np.int64]:
        inks = basemap.scene(box, resolution, z, k)
        return painted(box, width, 512, inks, BASEMAP["sea"]).rgba()[..., :3].astype(np.int64)

    whole = drawn(both, 1024)
    parts = np.concatenate([drawn(left, 512), drawn(right, 512)], axis=1)
    edge = slice(512 - 6, 512 + 6)
    assert np.abs(whole[:, edge] - parts[:, edge]).mean() < 0.6
    assert np.abs(whole - parts).mean() < 0.6


def test_waterlines_lie_at_their_offsets() -> None:
    """A straight coast at x = 0: light lines at 3, 8, 16 … px on both sides, each one screen px wide."""
    coast = [np.array([(0.0, -500.0), (0.0, 500.0)])]
    inks = list(basemap.waterlines([coast] * 3, 1.0))
    box = (-128.0, -8.0, 128.0, 8.0)
    row = painted(box, 256, 16, inks, BASEMAP["sea"]).rgba()[8, :, 2].astype(int)
    sea = round(colour("sea")[2])
    lit = {i for i in range(256) if row[i] > sea + 2}
    for offset in palette.WATERLINE_OFFSETS_PX[:5]:
        assert {127 - offset, 128 + offset} & lit, offset
    assert not lit & set(range(128 + 18, 128 + 26))  # between two lines it is sea


def test_wall_strokes_are_wider() -> None:
    x, y, *_ = at(9, 107.65, 16.53)

    def coast_share(style: str) -> float:
        return float((np.abs(rgb(basemap.tile(9, x, y, style)) - colour("coast")).max(axis=2) < 14).mean())

    assert coast_share("wall") > 1.5 * coast_share("desk")


def test_tiles_are_small_palette_pictures() -> None:
    x, y, *_ = at(10, 107.65, 16.53)
    png = basemap.tile(10, x, y)
    picture = Image.open(io.BytesIO(png))
    assert picture.mode == "P"
    assert picture.size == (512, 512)
    assert len(png) < 60_000


def test_smoothing_keeps_the_corners_of_a_clipping_box() -> None:
    box = np.array([(0.0, 0.0), (1e5, 0.0), (1e5, 1e5), (0.0, 1e5), (0.0, 0.0)])
    smooth = ground.chaikin(box)
    assert (smooth[0] == smooth[-1]).all()
    for corner in box:
        assert np.hypot(*(smooth - corner).T).min() < 2 * ground.CUT_M
    stairs = np.array([(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (200.0, 100.0)])
    assert len(ground.chaikin(stairs)) > len(stairs)
    np.testing.assert_array_equal(ground.chaikin(stairs)[[0, -1]], stairs[[0, -1]])


def test_unit_lines_do_not_follow_the_shore() -> None:
    """Province and ward lines are freed from the coast: few of their points lie on it."""
    points = ground.coast_points()
    assert len(points) > 50_000
    for name in ("wards", "provinces"):
        lines = ground.units(name)
        assert len(lines) > 0


@pytest.mark.parametrize("style", ["desk", "wall"])
def test_inset_shows_and_names_both_archipelagos(style: str) -> None:
    size = (398, 562) if style == "wall" else (152, 214)
    view = Bounds(107.0, 16.0, 108.3, 16.8)
    inset = basemap.inset(style, size, view=view)
    assert inset.rgb.shape == (size[1], size[0], 3)
    assert inset.bounds.west < 102.2
    assert inset.bounds.south < 7.5
    assert inset.bounds.north > 23.3
    assert inset.bounds.east > 117.5
    light = inset.rgb.astype(int).sum(axis=2) > 480
    columns = light.any(axis=0).nonzero()[0]
    assert columns.min() > 2  # no name is cut by the frame
    assert columns.max() < size[0] - 3
    without = basemap.inset(style, size)
    assert (np.abs(inset.rgb.astype(int) - without.rgb) > 60).any()
    assert Image.open(io.BytesIO(inset.png)).size == size


def test_imported_streets_come_with_their_zoom() -> None:
    lines = [shapely.LineString([(107.45, lat), (107.70, lat)]) for lat in (16.42, 16.43, 16.44)]
    pond = shapely.box(107.52, 16.405, 107.56, 16.415)
    frame = gpd.GeoDataFrame(
        {
            "collection": ["roads", "roads", "roads", "water"],
            "category": ["trunk", "tertiary", "residential", "lake"],
        },
        geometry=[*lines, pond],
        crs=4326,
    )
    own = Streets.of(frame)
    assert [road_class(c) for c in ("trunk_link", "secondary", "service", None)] == [
        "road_national",
        "road",
        "street",
        "street",
    ]
    drawn = {}
    for zoom in (7, 9, 11, 13, 14):
        inks = list(own.inks((1.19e7, 1.8e6, 1.2e7, 1.9e6), zoom, 1))
        drawn[zoom] = [ink.color for ink in inks if ink.kind == "stroke" and ink.color != BASEMAP["coast"]]
    assert [len(drawn[z]) for z in (7, 9, 11, 13)] == [0, 1, 2, 3]
    assert drawn[13][-1] == BASEMAP["road_national"]
    x, y, *_ = at(13, 107.575, 16.425)
    assert basemap.tile(13, x, y, streets=own) != basemap.tile(13, x, y)


@pytest.mark.parametrize("z", [15, 18])
def test_inland_no_corner_of_a_picture_is_sea(z: int) -> None:
    """Smoothing rounds the corners of what was clipped: it must happen out of sight."""
    n = 2**z
    x, y = int((107.578 + 180) / 360 * n), int((1 - np.arcsinh(np.tan(np.radians(16.42))) / np.pi) / 2 * n)
    bounds = Bounds.from_mercator(*basemap.tile_box(z, x, y))
    rgb = basemap.picture(bounds, 256, 256)
    sea = np.array([round(255 * c) for c in palette.rgb(palette.BASEMAP["sea"])])
    assert all(np.abs(rgb[i, j].astype(int) - sea).max() > 6 for i in (0, -1) for j in (0, -1))


def test_the_inset_writes_beside_the_box_of_the_view() -> None:
    """A view of the south coast would cut through "QĐ. Hoàng Sa" below its islands: the words stand above them then."""
    south, north = Bounds(107.4, 12.0, 110.0, 14.3), Bounds(107.15, 16.13, 108.33, 16.79)
    cut, free = (basemap.inset("wall", view=view).rgb.astype(int) for view in (south, north))
    words = np.abs(cut - free).max(axis=2) > 60
    assert words[170:215, 130:390].sum() > 200  # above Hoàng Sa
