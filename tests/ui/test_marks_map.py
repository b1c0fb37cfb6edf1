"""The page's figure in a browser: marks are hit, fade with their layer, and tiles mend themselves (tilefix.js)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
import shapely
from bokeh.embed import file_html
from bokeh.models import TapTool
from bokeh.resources import INLINE
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from geodata.view import Bounds, View
from layers import basemap, compose, elements, palette
from layers.mapfigure import MapFigure
from layers.tiles import nothing

VIEW = View(
    Bounds(107.45, 16.40, 107.75, 16.55),
    800,
    416,
    datetime(2026, 11, 20, tzinfo=UTC),
    datetime(2026, 11, 21, tzinfo=UTC),
)
X0, Y0, X1, Y1 = VIEW.bounds.mercator
SHOWN_MS = 180_000
"""A hang guard, not a speed: the page carries all of BokehJS inline."""


class TileHost(ThreadingHTTPServer):
    """Serves real basemap tiles over HTTP; 503 while ``down``, one clear pixel, as our server does, while ``late``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: Counter[str] = Counter()
        self.down = self.late = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: TileHost

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        generation, z, x, y = self.path.partition("?")[0].removesuffix(".png").strip("/").split("/")
        self.send_response(503 if self.server.down else 200)
        self.send_header("Access-Control-Allow-Origin", "*")
        if self.server.late:
            self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.server.late:
            self.wfile.write(nothing())
        elif not self.server.down:
            style = "wall" if generation == "b" else "desk"
            self.wfile.write(basemap.tile(int(z), int(x), int(y), style, city="hue"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Quiet."""


@pytest.fixture
def host() -> Iterator[TileHost]:
    with TileHost() as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": VIEW.width_px, "height": VIEW.height_px})
    opened.set_default_timeout(SHOWN_MS)
    yield opened
    opened.close()


def show(page: Page, figure: MapFigure) -> None:
    html = str(file_html(figure.figure, INLINE, "map"))
    script = files("app").joinpath("assets/tilefix.js").read_text(encoding="utf-8")
    style = "<style>html,body{margin:0;height:100%}body>div{height:100vh!important}</style>"
    page.set_content(html.replace("</head>", f"{style}<script>{script}</script></head>"))
    page.wait_for_function("window.Bokeh && Bokeh.documents.length && [...Bokeh.index].length")


def until(page: Page, true: Callable[[], bool], tries: int = 240) -> bool:
    """Ask every quarter of a second; a canvas and a tile tell nobody when they are painted."""
    for _ in range(tries):
        if true():
            return True
        page.wait_for_timeout(250)
    return False


def picture(page: Page) -> NDArray[np.int64]:
    with Image.open(BytesIO(page.screenshot())) as shot:
        return np.asarray(shot.convert("RGB")).astype(np.int64)


def share(page: Page, color: str, within: int = 12) -> float:
    return float((np.abs(picture(page) - 255 * np.array(palette.rgb(color))).max(axis=2) < within).mean())


def pins() -> elements.Marks:
    xs, ys = np.linspace(X0, X1, 5)[1:-1], [(Y0 + Y1) / 2] * 3
    return elements.of(
        {"x": xs, "y": ys, "mark": ["pin", "camera", "vessel"], "az": [0.0, 90.0, 45.0], "id": list("abc")}
    )


def test_a_tap_hits_the_mark_and_nothing_beside_it(page: Page) -> None:
    figure = compose.figure(VIEW)
    figure.set("field_reports", pins())
    figure.labels(elements.of({"x": [(X0 + X1) / 2], "y": [(Y0 + Y1) / 2], "mark": ["label"], "text": ["Huế"]}))
    assert isinstance(figure.tap, TapTool)
    show(page, figure)
    chosen = """() => { const r = [...Bokeh.documents[0].roots()][0].renderers.find(r => r.name == 'field_reports');
        return r.data_source.selected.indices }"""

    def tapped(x: int) -> object:
        page.mouse.click(x, 208)
        page.wait_for_timeout(500)  # longer than a double tap
        return page.evaluate(chosen)

    for x, wanted in ((200, [0]), (407, [1]), (592, [2]), (300, [])):
        assert until(page, lambda x=x, wanted=wanted: tapped(x) == wanted), x  # type: ignore[misc]


def test_a_layer_fades_without_new_data(page: Page) -> None:
    figure = compose.figure(VIEW)
    figure.set("field_reports", pins())
    show(page, figure)
    tint = palette.TINT["people"]
    assert until(page, lambda: share(page, tint) > 0.0001)
    page.evaluate(
        """() => { const r = [...Bokeh.documents[0].roots()][0].renderers.find(r => r.name == 'field_reports');
        r.glyph.tags = [0.3] }"""
    )
    assert until(page, lambda: share(page, tint) == 0)
    faded = palette.mix(palette.BASEMAP["sea"], tint, 0.3)
    assert share(page, faded, 30) > 0.0001


def test_selection_and_areas_are_drawn(page: Page) -> None:
    figure = compose.figure(VIEW)
    figure.set("warnings", elements.areas([shapely.box(107.5, 16.42, 107.7, 16.53)], palette.SEVERITY[3]))
    figure.set("field_reports", pins())
    figure.select((X0 + X1) / 2, (Y0 + Y1) / 2, "CAM-1", mark="camera")
    show(page, figure)
    assert until(page, lambda: share(page, palette.SELECT, 4) > 0.0002)
    assert until(page, lambda: share(page, palette.SEVERITY[3]) > 0.005)  # the edge

    def hatched() -> bool:
        inner = picture(page)[130:160, 320:480]
        return len(np.unique(inner.reshape(-1, 3), axis=0)) > 3

    assert until(page, hatched)  # an image that loads


def land(page: Page) -> float:
    return share(page, palette.BASEMAP["land"], 4)


def tiled(page: Page, host: TileHost) -> None:
    figure = compose.figure(VIEW)
    figure.add_tiles("basemap", host.url + "/a/{z}/{x}/{y}.png")
    show(page, figure)


def test_tiles_are_shown_and_none_is_fetched_in_vain(page: Page, host: TileHost) -> None:
    tiled(page, host)
    assert until(page, lambda: land(page) > 0.3)
    page.wait_for_timeout(1500)  # time for a prefetch, if there were one
    zooms = {path.split("/")[2] for path in host.asked}
    assert len(zooms) == 1
    assert max(host.asked.values()) == 1


@pytest.mark.parametrize("trouble", ["down", "late"])
def test_failed_tiles_are_asked_again(page: Page, host: TileHost, trouble: str) -> None:
    """Also those that a busy server had not drawn in time: they came, so nobody would have looked again."""
    setattr(host, trouble, True)
    tiled(page, host)
    assert until(page, lambda: len(host.asked) > 0)
    page.wait_for_timeout(1000)
    assert land(page) == 0
    setattr(host, trouble, False)
    assert until(page, lambda: land(page) > 0.3), "the map kept its holes after the server was back"


def test_a_new_version_leaves_no_blank_map(page: Page, host: TileHost) -> None:
    tiled(page, host)
    assert until(page, lambda: land(page) > 0.3)
    before = land(page)
    host.down = True  # the new pictures do not come
    for generation in ("b", "c"):  # nor do those that follow them
        page.evaluate(
            "url => { [...Bokeh.documents[0].roots()][0].renderers.find(r => r.tile_source).tile_source.url = url }",
            f"{host.url}/{generation}/{{z}}/{{x}}/{{y}}.png",
        )
        assert until(page, lambda: any(path.startswith(f"/{generation}/") for path in host.asked))  # noqa: B023
        assert until(page, lambda: land(page) > 0.9 * before)
    page.wait_for_timeout(1500)
    assert land(page) > 0.9 * before
