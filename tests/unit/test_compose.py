"""Layers in one picture: the patched figure of a page, stills by Agg, overlays of a notebook."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import holoviews as hv
import numpy as np
import pytest
import shapely
from bokeh.models import Scatter
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from geodata.errors import UnknownName, VongLauError
from geodata.view import Bounds, View, lonlat
from layers import compose, elements, marks, palette
from layers.agg import Canvas
from layers.commands import render
from layers.labels import labels
from layers.mapfigure import flat

HUE = View(
    Bounds(107.4, 16.35, 107.8, 16.55),
    600,
    312,
    datetime(2026, 11, 20, tzinfo=UTC),
    datetime(2026, 11, 21, tzinfo=UTC),
)
X0, Y0, X1, Y1 = HUE.bounds.mercator
CENTRE = ((X0 + X1) / 2, (Y0 + Y1) / 2)
WEST = shapely.box(107.4, 16.35, 107.5, 16.4)


def pins(n: int, **columns: Any) -> elements.Marks:
    along = np.linspace(X0, X1, n + 2)[1:-1]
    ids = [f"test:{i}" for i in range(n)]
    return elements.of({"x": along, "y": [CENTRE[1]] * n, "mark": ["pin"] * n, "id": ids, **columns})


def overlay() -> hv.Overlay:
    area = elements.areas([shapely.box(107.5, 16.4, 107.7, 16.5)], palette.SEVERITY[2])
    road = hv.Path([[(X0, Y0), (X1, Y1)], [(X0, Y1), (X1, Y0)]]).opts(line_width=3, color=palette.TRAFFIC["slow"])
    return area * road * pins(3)


def test_a_layer_keeps_its_renderers_when_its_data_change() -> None:
    figure = compose.figure(HUE)
    figure.set("field_reports", overlay())
    before = list(figure.renderers["field_reports"])
    assert len(before) == 4  # area, casing, road, marks
    figure.set("field_reports", overlay().get(0) * overlay().get(1) * pins(5))
    assert list(figure.renderers["field_reports"]) == before
    assert len(figure.sources["field_reports"][-1].data["x"]) == 5
    figure.set("field_reports", pins(1))
    assert len(figure.renderers["field_reports"]) == 1
    figure.remove("field_reports")
    assert "field_reports" not in figure.renderers
    figure.remove("field_reports")


def test_an_empty_layer_is_drawn_empty() -> None:
    figure = compose.figure(HUE)
    figure.set("warnings", elements.areas([], palette.SEVERITY[2]) * hv.Path([]) * pins(0))
    assert all(len(next(iter(source.data.values()))) == 0 for source in figure.sources["warnings"])


def test_order_of_layers_and_tiles() -> None:
    figure = compose.figure(HUE)
    figure.set("b", pins(1), z_order=60)
    figure.set("a", pins(1), z_order=40)
    figure.labels(labels(HUE))
    figure.add_tiles("density", "/d/{z}/{x}/{y}.png", z_order=10)
    figure.add_tiles("basemap", "/b/{z}/{x}/{y}.png", z_order=0)
    names = [getattr(r, "name", None) or r.tile_source.url for r in figure.figure.renderers]
    assert names == ["/b/{z}/{x}/{y}.png", "/d/{z}/{x}/{y}.png", "a", "b", "selection", "labels"]
    assert all(t.tile_source.min_zoom == 0 for t in figure.figure.renderers[:2])


def test_new_tiles_change_the_address_only() -> None:
    figure = compose.figure(HUE)
    first = figure.add_tiles("basemap", "/b/1/{z}/{x}/{y}.png")
    assert figure.add_tiles("basemap", "/b/2/{z}/{x}/{y}.png") is first
    assert first.tile_source.url == "/b/2/{z}/{x}/{y}.png"
    figure.set("x", hv.Tiles("/h/{Z}/{X}/{Y}.png") * pins(1))
    assert len(figure.figure.renderers) == 4


def test_opacity_and_visibility_of_a_layer() -> None:
    figure = compose.figure(HUE)
    figure.add_tiles("field_reports", "/d/{z}/{x}/{y}.png")
    figure.set("field_reports", overlay())
    for _ in range(2):  # saying it twice is saying it once
        figure.alpha("field_reports", 0.5)
    area, _, road, marks = figure.renderers["field_reports"]
    assert area.glyph.fill_alpha == pytest.approx(0.035)
    assert road.glyph.line_alpha == pytest.approx(0.5)
    assert marks.glyph.tags == [0.5]
    figure.show("field_reports", visible=False)
    assert not any(r.visible for r in figure.renderers["field_reports"])
    assert not figure.figure.renderers[0].visible
    figure.set("field_reports", pins(2))  # other renderers: the look stays
    assert not figure.renderers["field_reports"][0].visible
    figure.show("field_reports", visible=True)
    assert figure.renderers["field_reports"][0].glyph.tags == [0.5]


def test_the_opacity_of_a_layer_lies_over_that_of_its_tiles() -> None:
    figure = compose.figure(HUE)
    tiles = figure.add_tiles("field_reports.density", "/t/{Z}/{X}/{Y}.png", alpha=compose.DENSITY_ALPHA)
    for asked, seen in ((1.0, 0.7), (0.5, 0.35), (0.5, 0.35), (1.0, 0.7)):
        figure.alpha("field_reports", asked)
        assert tiles.alpha == pytest.approx(seen)


def test_a_tap_calls_back_with_layer_and_id() -> None:
    figure = compose.figure(HUE)
    picked: list[tuple[str, list[str]]] = []
    figure.set("field_reports", pins(3))
    figure.on_pick(lambda layer, ids: picked.append((layer, list(ids))))
    figure.set("buses", pins(2))
    figure.sources["field_reports"][0].selected.indices = [2]
    figure.sources["buses"][0].selected.indices = [0]
    figure.sources["buses"][0].selected.indices = []
    assert picked == [("field_reports", ["test:2"]), ("buses", ["test:0"]), ("buses", [])]


def test_selection_brackets_stand_on_the_mark() -> None:
    figure = compose.figure(HUE)
    figure.select(*CENTRE, "PA-1", mark="pin")
    data = figure.sources["selection"][0].data
    assert list(data["mark"]) == ["brackets", "chip"]
    assert data["dy"][0] == -13
    figure.deselect()
    assert figure.sources["selection"][0].data["x"] == []


def test_other_elements_are_refused() -> None:
    with pytest.raises(TypeError, match="Marks, Areas, Path, RGB or Tiles"):
        compose.figure(HUE).set("x", hv.Curve([(0, 0)]))
    with pytest.raises(TypeError, match="Marks, Areas, Path, RGB or Tiles"):
        compose.paint(Canvas((0, 0, 1, 1), 8, 8), hv.Curve([(0, 0)]), 1)


def painted(element: Any, k: float = 1) -> NDArray[np.int64]:
    canvas = Canvas((X0, Y0, X1, Y1), HUE.width_px, HUE.height_px, 0, palette.BASEMAP["land"])
    for part in flat(element):
        compose.paint(canvas, part, k)
    return canvas.rgba()[..., :3].astype(np.int64)


def share(picture: NDArray[np.int64], color: str) -> float:
    return float((np.abs(picture - 255 * np.array(palette.rgb(color))).max(axis=2) < 12).mean())


def test_a_still_draws_marks_lines_areas_and_hatch() -> None:
    picture = painted(overlay())
    assert share(picture, palette.TINT["people"]) > 0.0005
    assert share(picture, palette.TRAFFIC["slow"]) > 0.005
    area = elements.areas([shapely.box(107.5, 16.4, 107.7, 16.5)], palette.SEVERITY[2])
    inner = painted(area)[120:190, 200:400]  # inside: fill and hatch only
    levels = np.unique(inner.reshape(-1, 3), axis=0)
    assert len(levels) > 3
    plain = painted(area.opts(hatch=None))[120:190, 200:400]
    assert len(np.unique(plain.reshape(-1, 3), axis=0)) == 1


def picture_of_the_west() -> hv.RGB:
    """The western half of the view, red in its north and blue in its south."""
    rgba = np.zeros((2, 1, 4), np.uint8)
    rgba[0, 0], rgba[1, 0] = (255, 0, 0, 255), (0, 0, 255, 255)
    return hv.RGB(rgba, bounds=(X0, Y0, CENTRE[0], Y1), vdims=["R", "G", "B", "A"])


def test_a_picture_lies_in_its_place_north_up() -> None:
    seen = painted(picture_of_the_west())
    assert seen[20, 100].tolist() == [255, 0, 0]
    assert seen[-20, 100].tolist() == [0, 0, 255]
    assert seen[20, 500].tolist() == [round(255 * c) for c in palette.rgb(palette.BASEMAP["land"])]
    figure = compose.figure(HUE)
    figure.set("imagery", picture_of_the_west().opts(alpha=0.5))
    data = figure.sources["imagery"][0].data
    assert (data["x"], data["dw"]) == ([X0], [CENTRE[0] - X0])
    assert data["image"][0].view(np.uint8)[0].tolist() == [0, 0, 255, 255]  # rows from the south
    figure.alpha("imagery", 0.5)
    figure.alpha("imagery", 0.5)
    assert figure.renderers["imagery"][0].glyph.global_alpha == 0.25


def test_a_tap_picks_an_area_by_its_id() -> None:
    figure = compose.figure(HUE)
    west, east = shapely.box(107.41, 16.4, 107.5, 16.5), shapely.box(107.6, 16.4, 107.7, 16.5)
    both = shapely.union_all([west, shapely.box(107.41, 16.36, 107.42, 16.37)])
    figure.set("warnings", elements.areas([both, east], palette.SEVERITY[3], ids=["a", "b"]))
    picked: list[Any] = []
    figure.on_pick(lambda layer, ids: picked.append((layer, list(ids))))
    source = figure.sources["warnings"][0]
    assert list(source.data["id"]) == ["a", "a", "b"]
    source.selected.indices = [2]
    assert picked == [("warnings", ["b"])]


def test_a_wall_still_draws_larger() -> None:
    assert share(painted(pins(3), 2.2), palette.TINT["people"]) > 3 * share(painted(pins(3)), palette.TINT["people"])


def test_the_basemap_alone_needs_no_store() -> None:
    for style in ("desk", "wall"):
        image = compose.still(None, ["basemap"], HUE, style, city="hue")
        assert image.size == (600, 312)
        picture = np.asarray(image).astype(np.int64)
        assert share(picture, palette.BASEMAP["land"]) > 0.3
        assert share(picture, palette.BASEMAP["label_city"]) > 0.0002  # the city's name
    with pytest.raises(UnknownName):
        compose.still(None, ["nonesuch"], HUE)


def test_a_notebook_gives_the_browser_the_glyphs_of_the_page() -> None:
    """The page adds glyphs itself, a notebook lets HoloViews do it: every property and every number is the same."""
    drawn = hv.Overlay(
        [picture_of_the_west(), *flat(overlay()), elements.areas([WEST], palette.UNKNOWN, line_dash=[5, 3])]
    )
    figure = compose.figure(HUE)
    figure.set("layer", drawn)
    alone = [one for part in drawn for one in compose.sized(part, 1.0)]
    notebook = hv.render(compose.framed(hv.Overlay(alone), HUE))
    assert notebook.output_backend == "canvas", "WebGL does not draw our marks"
    assert (notebook.x_range.start, notebook.y_range.end) == (X0, Y1)
    assert "Number.isFinite(obj.tags[0])" in marks.script(), "HoloViews keeps its own notes in tags: no opacity"
    ours, theirs = figure.renderers["layer"], notebook.renderers
    assert [type(one.glyph) for one in ours] == [type(one.glyph) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert looks(one.glyph) == looks(other.glyph)
        for name, values in one.data_source.data.items():
            found = other.data_source.data[name]
            assert len(found) == len(values)
            for value, twin in zip(values, found, strict=True):
                assert repr(np.asarray(value).tolist()) == repr(np.asarray(twin).tolist())


def looks(glyph: Any) -> dict[str, Any]:
    """What the browser draws of a glyph: not the names of its columns, nor the page's own notes (tags).

    A mark is its script and its scale; a whole line is told in two ways.
    """
    if isinstance(glyph, Scatter):
        return {"marker": glyph.marker, "defs": {name: script.code for name, script in glyph.defs.items()}}
    told = {name: repr(v) for name, v in glyph.properties_with_values().items() if name not in {"tags", "hatch_extra"}}
    told = {name: v for name, v in told.items() if "Field(" not in v}
    return {name: re.sub(r"'solid'|\[\]", "()", v).replace("[", "(").replace("]", ")") for name, v in told.items()}


def test_notebook_overlay_and_live_map() -> None:
    still = compose.overlay(None, ["basemap"], HUE)
    assert [type(part) for part in still] == [hv.RGB, elements.Marks]
    plot = hv.render(still, backend="bokeh")
    assert plot.x_range.start == pytest.approx(X0)
    live = compose.live(None, ["basemap"], HUE)
    shown = hv.renderer("bokeh").get_plot(live)
    image = shown.state.renderers[0].data_source
    before = image.data["x"][0]
    live.streams[0].event(x_range=(X0, (X0 + X1) / 2), y_range=(Y0, (Y0 + Y1) / 2))
    assert image.data["dw"][0] == pytest.approx((X1 - X0) / 2)
    assert image.data["x"][0] == pytest.approx(before)
    shown.cleanup()


def test_render_writes_the_picture(tmp_path: Path) -> None:
    out = tmp_path / "hue.png"
    arguments = ["--city", "hue", "--bounds", "107.4,16.35,107.8,16.55", "--size", "400x300", "-o", str(out)]
    result = CliRunner().invoke(render.command, arguments)
    assert result.exit_code == 0, result.output
    with Image.open(out) as picture:
        assert picture.size == (400, 300)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bounds", "1,2,3"],
        ["--bounds", "108,16,107,17"],
        ["--size", "wide"],
        ["--size", "0x10"],
        ["--at", "yesterday"],
        ["--known-at", "25:00"],
        ["--layers", "nonesuch"],
        ["--city", "atlantis"],
        ["-o", "/proc/nowhere/x.png"],
    ],
)
def test_render_says_what_is_wrong_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(render.command, ["--size", "40x30", "-o", str(tmp_path / "x.png"), *arguments])
    assert isinstance(result.exception, VongLauError)
    assert result.exception.exit_status == 2
    assert "\n" not in str(result.exception)


def test_times_without_a_zone_are_the_citys() -> None:
    assert render.moment("2026-11-21T14:05:00", "Asia/Ho_Chi_Minh") == datetime(2026, 11, 21, 7, 5, tzinfo=UTC)
    assert render.moment("2026-11-21T14:05:00+00:00", "Asia/Ho_Chi_Minh").hour == 14


def test_bounds_grow_to_the_shape_of_the_picture() -> None:
    view = render.fitted(Bounds(107, 16, 108, 16.2), 400, 400, datetime(2026, 1, 1, tzinfo=UTC), None)
    x0, y0, x1, y1 = view.bounds.mercator
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert lonlat(x0, y0)[0] == pytest.approx(107)
    assert view.bounds.south < 16
