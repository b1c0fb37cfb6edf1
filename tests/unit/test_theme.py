"""The shell of the pages: our language, our colours, nothing of anybody else's."""

import re
from pathlib import Path

import pytest

import app
from app.pages.pictures import tile_url
from app.panels import chart
from app.panels.map_frame import grid_fit
from app.state import bounds_of
from geodata import crs
from geodata.city import cities
from geodata.view import EARTH_RADIUS_M, mercator
from layers import palette

APP = Path(app.__file__).parent


def test_no_colour_outside_the_palette() -> None:
    ours = [p for folder in ("pages", "panels") for p in (APP / folder).iterdir() if p.suffix in {".py", ".js", ".css"}]
    for path in [*ours, APP / "theme.py"]:
        found = re.findall(r"#[0-9A-Fa-f]{3,8}\b", path.read_text(encoding="utf-8"))
        assert not found, path.name


def test_every_custom_property_used_is_defined() -> None:
    known = set(re.findall(r"--([a-z0-9-]+):", palette.css())) | {
        "u",
        "columns",
        "rows",
        "last",
        "n",
    }  # set by the blocks themselves
    known |= {"bar", "tree", "clock", "table", "detail", "tiles"}  # sizes of the page's own grid
    for path in (APP / "panels").glob("*.css"):
        text = path.read_text(encoding="utf-8")
        own = set(re.findall(r"--([a-z0-9-]+):", text))
        assert set(re.findall(r"var\(--([a-z0-9-]+)", text)) <= known | own, path.name


@pytest.mark.parametrize("name", cities())
def test_pointer_coordinates_agree_with_proj(name: str) -> None:
    city = cities()[name]
    lon, lat, zoom = city.home
    fit = grid_fit(bounds_of(lon, lat, zoom, 1588, 983), city.srid)
    assert fit is not None
    x, y = mercator(lon + 0.02, lat - 0.01)
    u, v = (x - fit["x"]) / fit["s"], (y - fit["y"]) / fit["s"]
    terms = (1, u, v, u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3)
    east, north = (sum(c * t for c, t in zip(fit[key], terms, strict=True)) for key in ("e", "n"))
    true = crs.to_vn2000(lon + 0.02, lat - 0.01, city.srid)
    assert (east, north) == (pytest.approx(true[0], abs=0.5), pytest.approx(true[1], abs=0.5))


def test_no_coordinates_where_the_fit_would_lie() -> None:
    assert grid_fit(bounds_of(110, 15, 4, 1588, 983), 9214) is None


def test_live_tiles_change_their_address_once_a_minute() -> None:
    from datetime import UTC, datetime, timedelta

    from geodata.view import View

    box = bounds_of(107.6, 16.5, 12, 100, 100)
    noon = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
    urls = {
        tile_url("fishing_vessels", "desk", 7, View(box, 100, 100, end - timedelta(days=1), end))
        for end in (noon, noon + timedelta(seconds=50))
    }
    assert len(urls) == 1
    assert re.fullmatch(r"/t/fishing_vessels/desk/\d+/\d+-\d+/0/\{Z\}/\{X\}/\{Y\}\.png", urls.pop())


def test_a_hole_in_the_data_is_a_hole_in_the_line() -> None:
    points = [(600.0 * i, 1.0) for i in range(10)] + [(600.0 * i, 2.0) for i in range(30, 40)]
    assert [len(run) for run in chart.runs(points)] == [10, 10]


def test_ground_metres_shrink_with_latitude() -> None:
    from app.pages.selection import ground_scale

    _, y = mercator(0, 60)
    assert ground_scale(y) == pytest.approx(0.5)
    assert ground_scale(0) == 1
    assert EARTH_RADIUS_M == 6378137.0
