"""One picture everywhere: planner, wall, ``vonglau render`` and notebook show the same rows in the same pixels.

That ``vonglau render`` writes what ``compose.still`` draws is held by ``test_layers_store``; that the browser is given
the same glyphs by the page's figure and by the notebook's overlay, by ``tests/unit/test_compose``.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any

import numpy as np
import pytest
from geopandas.testing import assert_geodataframe_equal
from numpy.typing import NDArray
from PIL import Image
from shapely import LineString, box

from app.pages.pictures import Picture, has_density, paint
from geodata.records import Alert, Feature, Record
from geodata.store.reader import Reader
from geodata.view import WORLD_M, Bounds, View, mercator
from layers import compose, palette, settling
from layers.agg import painted
from layers.base import RasterLayer, get
from layers.mapfigure import MapFigure, flat, image_rgba
from layers.order import stacked
from layers.tiles import TileRequest, TileService
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)
FAR = 8
"""A zoom of tiles from which vessels and reports are densities."""

PLACES = {"fishing_vessels": (107.9, 16.7), "field_reports": scene.HOME}

KINDS = ("field_reports", "fishing_vessels", "hydrology", "infrastructure", "planning", "warnings")
"""Points and densities, numbers, lines, areas, areas with a hatch."""


NEAR = View(Bounds(107.52, 16.42, 107.98, 16.78), 800, 640, NOW - timedelta(days=1), NOW)


def drawn_and_warned() -> dict[str, list[Record]]:
    return {
        "infrastructure": [
            Feature(
                collection="cap_nuoc",
                id="main",
                category="water_supply",
                name="Ống truyền tải",
                geometry=LineString([(107.53, 16.44), (107.60, 16.47), (107.66, 16.50)]),
            )
        ],
        "planning": [
            Feature(collection="quy_hoach", id="zone", category="zoning", geometry=box(107.56, 16.44, 107.62, 16.48))
        ],
        "warnings": [
            Alert(
                sender="kttv",
                identifier="flood",
                sent=NOW - timedelta(hours=1),
                status="Actual",
                msg_type="Alert",
                event="Lũ",
                severity="Severe",
                level=3,
                effective=NOW - timedelta(hours=1),
                expires=NOW + timedelta(hours=6),
                headline="Lũ trên sông Hương",
                geometry=box(107.54, 16.43, 107.65, 16.51),
            )
        ],
    }


@pytest.fixture
def filled(store: SyncStore, reader: Reader) -> Reader:
    scene.fill(store, NOW)
    sailed = [
        scene.fix(574000900, NOW - timedelta(minutes=2 * (60 - i)), 107.8 + i * 0.003, 16.7, sog_kn=8, cog_deg=90)
        for i in range(60)
    ]
    store.write(scene.BINDINGS["fishing_vessels"], list(sailed))
    for service, records in drawn_and_warned().items():
        store.write(scene.binding(service, 86400), records)
    return reader


def tile(layer: str, style: str) -> TileRequest:
    x, y = mercator(*PLACES[layer])
    column, row = (floor((WORLD_M / 2 + far) / WORLD_M * 2**FAR) for far in (x, -y))
    start, end = (int(t.timestamp()) for t in (NOW - timedelta(days=1), NOW))
    return TileRequest(layer=layer, style=style, version="1", start=start, end=end, known=0, z=FAR, x=column, y=row)


def agg(elements: Sequence[Any], view: View, k: float = 1.0, under: Sequence[NDArray[np.uint8]] = ()) -> bytes:
    """The elements painted by the one rasteriser of stills, in their order, over densities as tiles have them."""
    canvas = painted(view.bounds.mercator, view.width_px, view.height_px, (), palette.BASEMAP["sea"])
    for rgba in under:
        canvas.paste(rgba, compose.DENSITY_ALPHA)
    for element in elements:
        if type(element).__name__ == "RGB":
            canvas.paste(image_rgba(element), compose.DENSITY_ALPHA)
        else:
            compose.paint(canvas, element, k)
    return Image.fromarray(canvas.rgba()[..., :3]).tobytes()


def still(reader: Reader, view: View, style: str = "desk") -> bytes:
    return compose.still(reader, KINDS, view, style).tobytes()


def test_rows_and_pixels_of_planner_notebook_and_still_are_equal(filled: Reader) -> None:
    view = NEAR
    pictures = {name: paint(filled, name, view, 1) for name in KINDS}
    drawn: dict[str, tuple[Any, Any]] = {}
    for name, picture in pictures.items():
        assert picture.error is None
        frame = get(name).load(filled, view)
        assert len(frame), f"{name} is not empty"
        assert picture.frame is not None
        assert_geodataframe_equal(picture.frame, frame)
        drawn[name] = picture.frame, picture.element
    settled = settling.settled(drawn, settling.Picture(view=view))
    planner = stacked((get(name).z_order, settled.get(name, one)) for name, (_, one) in drawn.items())
    expected = still(filled, view)
    tiled = [get(name) for name in sorted(KINDS, key=lambda one: get(one).z_order) if has_density(name, view)]
    under = [one.shade(one.aggregate(filled, view), view) for one in tiled if isinstance(one, RasterLayer)]
    assert agg(planner, view, under=under) == expected
    assert agg(list(compose.overlay(filled, KINDS, view)), view) == expected
    assert len(set(np.frombuffer(expected, np.uint8).reshape(-1, 3).view("u1,u1,u1").ravel().tolist())) > 20
    sources_are_alike(pictures, view)


def sources_are_alike(pictures: dict[str, Picture], view: View) -> None:
    """Desk and wall put the same data of a layer into their figures; they differ in size alone."""
    desk, wall = MapFigure(view, "desk"), MapFigure(view, "wall")
    for name, picture in pictures.items():
        for figure in (desk, wall):
            figure.set(name, picture.element, z_order=get(name).z_order)
        for one, other in zip(desk.sources[name], wall.sources[name], strict=True):
            assert one.data.keys() == other.data.keys()
            for column, values in one.data.items():
                assert [repr(v) for v in values] == [repr(v) for v in other.data[column]]


def test_a_wall_in_a_notebook_is_as_large_as_the_wall(filled: Reader) -> None:
    view = NEAR
    assert agg(list(compose.overlay(filled, KINDS, view, style="wall")), view) == still(filled, view, "wall")


@pytest.mark.parametrize("name", ["fishing_vessels", "field_reports"])
def test_a_density_is_the_same_on_planner_wall_notebook_and_still(
    filled: Reader, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("layers.tiles.WAIT_S", 600.0)  # the first density of a machine is compiled
    view, layer = tile(name, "desk").view, get(name)
    assert isinstance(layer, RasterLayer)
    expected = layer.shade(layer.aggregate(filled, view), view)
    assert expected[..., 3].any()
    service = TileService(filled, workers=1, city="hue")
    try:
        for style in ("desk", "wall"):
            drawn = service.png(tile(name, style))
            assert not drawn.stale
            np.testing.assert_array_equal(seen(pixels(drawn.png)), seen(expected))
    finally:
        service.close()
    notebook = next(part for part in flat(compose.overlay(filled, [name], view)) if type(part).__name__ == "RGB")
    np.testing.assert_array_equal(seen(image_rgba(notebook)), seen(expected))
    assert agg(list(compose.overlay(filled, [name], view)), view) == compose.still(filled, [name], view).tobytes()


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def seen(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture without the colours of clear pixels, which nobody sees."""
    return rgba * (rgba[..., 3:] > 0)
