"""Shapes, display lists and letters, without a browser."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from geodata.catalogue import services
from layers import lettering, marks, palette
from layers.drawing import drawing
from layers.pen import Shape, Words
from layers.shapes import commands, hatched, mpl_path, sector, tint


@pytest.mark.parametrize("name", marks.SHAPES)
def test_shapes_are_absolute_paths_around_the_centre(name: str) -> None:
    assert re.fullmatch(r"[MLHVAZ0-9 .-]+", marks.SHAPES[name])
    assert next(iter(commands(marks.SHAPES[name])))[0] == "M"
    box = marks.agg_path(name).get_extents()
    assert abs(box.x0) <= 25
    assert abs(box.y1) <= 25


def test_arcs_become_circles() -> None:
    points = np.asarray(mpl_path(marks.SHAPES["callout"]).to_polygons()[0])
    np.testing.assert_allclose(np.hypot(points[:, 0], points[:, 1]), 18, atol=0.05)  # Bézier arcs, flattened
    right = mpl_path(sector(20, 90, 60)).get_extents()
    assert right.x1 == pytest.approx(20, abs=0.02)
    assert right.y0 == pytest.approx(-10, abs=0.02)


def test_another_command_is_refused() -> None:
    with pytest.raises(KeyError):
        list(commands("M0 0C1 1 2 2 3 3"))


@pytest.mark.parametrize("mark", marks.NAMES)
@pytest.mark.parametrize("state", palette.STATES)
def test_svg_is_well_formed(mark: str, state: str) -> None:
    for level in (0, 2, 5):
        root = ET.fromstring(marks.svg(mark, state, level, 24, 30.0, 0.5, text="<Ế&"))
        assert root.get("width") == "24"
        assert root.get("aria-hidden") == "true"
    named = ET.fromstring(marks.svg(mark, state, title='Tàu "cá" <mất>'))
    assert named.get("aria-label") == 'Tàu "cá" <mất>'


def test_every_service_of_the_catalogue_has_its_mark() -> None:
    missing = {name: service.mark for name, service in services().items() if service.mark not in marks.NAMES}
    assert not missing


def test_missing_columns_and_nan_fall_back() -> None:
    nan = float("nan")
    bare, _ = drawing({"mark": "vessel"})
    full, alpha = drawing({"mark": "vessel", "az": nan, "level": nan, "tint": None, "state": "", "alpha": nan})
    assert bare == full
    assert alpha == 1


def fill_of(row: dict[str, object]) -> str | None:
    return next(op.fill for op in drawing(row)[0] if isinstance(op, Shape) and op.fill)


def test_level_colours_the_mark_and_tint_the_kind() -> None:
    assert fill_of({"mark": "pin"}) == tint("pin") == palette.TINT["people"]
    assert fill_of({"mark": "pin", "tint": palette.CATEGORIES[0]}) == palette.CATEGORIES[0]
    assert fill_of({"mark": "pin", "level": 3}) == palette.SEVERITY[3]
    assert fill_of({"mark": "pin", "level": 3, "state": "unknown"}) == palette.BASEMAP["sea"]


def test_a_pin_stands_on_its_place() -> None:
    ops, _ = drawing({"mark": "pin"})
    lowest = max(mpl_path(op.path).get_extents().y1 + op.at[1] for op in ops if isinstance(op, Shape))
    assert lowest == pytest.approx(0, abs=0.01)


def test_due_ring_turns_yellow_and_overdue_says_so() -> None:
    def ring(due: float) -> list[str | None]:
        return [
            op.stroke for op in drawing({"mark": "pin", "due": due})[0] if isinstance(op, Shape) and op.width == 2.5
        ]

    assert ring(0.5)[-1] == palette.TINT["people"]
    assert ring(0.7)[-1] == palette.SEVERITY[2]
    assert ring(1.1) == []
    words = [op.text for op in drawing({"mark": "pin", "due": 1.1, "level": 2})[0] if isinstance(op, Words)]
    assert words == ["!"]


def test_script_holds_shapes_and_colours_and_begins_its_export_on_a_line() -> None:
    script = marks.script()
    assert "\nexport default " in script  # else Bokeh takes the module for a function's body
    for name in marks.SHAPES:
        assert f'"{name}":' in script
    assert palette.UNKNOWN in script


def test_vietnamese_letters_are_whole() -> None:
    for weight in (400, 700):
        for letter in "ẾệộỄđĐƯơắẴ":
            path, advance = lettering.outline(letter, 100, weight)
            assert path is not None
            assert 30 < advance < 120
        tall, plain = (lettering.outline(text, 100, weight)[0] for text in ("Ế", "E"))
        assert tall is not None
        assert plain is not None
        assert tall.get_extents().height > 1.2 * plain.get_extents().height


def test_words_are_measured_composed() -> None:
    assert lettering.width("Huê\u0301", 15) == lettering.width("Huế", 15)
    assert lettering.width("Huế", 15, 700, 2) == pytest.approx(lettering.width("Huế", 15, 700) + 6)
    assert lettering.outline("   ", 12)[0] is None


def test_the_cone_of_a_frozen_camera_is_hatched_inside_itself() -> None:
    row = {"mark": "camera", "state": "late", "level": 2, "az": 60.0, "fov": 70.0, "range": 34.0}
    assert palette.SEVERITY[2] + "99" in marks.svg_body({**row, "kind": "frozen"})
    assert palette.SEVERITY[2] + "99" not in marks.svg_body(row)
    lines = np.asarray(mpl_path(hatched(34, 60, 70)).vertices)
    assert np.hypot(*lines.T).max() <= 34.01
    turn = np.degrees(np.arctan2(lines[:, 0], -lines[:, 1]))
    assert turn.min() >= 24.9
    assert turn.max() <= 95.1
