"""Every mark in every state looks the same by canvas, by SVG and by Agg."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser

from layers import palette
from tools.mark_sheet import CELL_H, CELL_W, GROUND, centre, legend_html, rows, sheets

Sheets = Mapping[str, NDArray[np.float64]]
TOLERANCE = 2.6  # mean difference of a cell after a 3 × 3 blur, of 255: two rasterisers, two kerning tables


@pytest.fixture(scope="module")
def drawn(chromium: Browser) -> Sheets:
    return {name: blurred(picture) for name, picture in sheets(chromium, rows()).items()}


def blurred(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    p = picture.astype(float)
    return np.asarray(sum(np.roll(p, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9)


def cell(sheet: NDArray[np.float64], i: int) -> NDArray[np.float64]:
    x, y = (round(v) for v in centre(i))
    return sheet[y - CELL_H // 2 + 2 : y + CELL_H // 2 - 2, x - CELL_W // 2 + 2 : x + CELL_W // 2 - 2]


def apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.abs(a - b).max(axis=2).mean())


@pytest.mark.parametrize("hand", ["svg", "agg"])
def test_hands_agree(drawn: Sheets, hand: str) -> None:
    far = {
        repr(dict(row)): round(d, 2)
        for i, row in enumerate(rows())
        if (d := apart(cell(drawn["canvas"], i), cell(drawn[hand], i))) > TOLERANCE
    }
    assert not far


def test_every_mark_is_drawn_on_the_canvas(drawn: Sheets) -> None:
    ground = 255 * np.array(palette.rgb(GROUND))
    empty = [dict(row) for i, row in enumerate(rows()) if np.abs(cell(drawn["canvas"], i) - ground).max() < 5]
    assert not empty


def test_states_of_a_mark_differ(drawn: Sheets) -> None:
    """The tolerance would not hide a wrong state: fresh, late, silent and unknown are told apart on every mark."""
    same = []
    by_mark: dict[str, dict[str, int]] = {}
    for i, row in enumerate(rows()):
        if "level" not in row and "state" in row:
            by_mark.setdefault(str(row["mark"]), {})[str(row["state"])] = i
    for mark in ("vessel", "pin", "camera", "board", "house", "hexagon", "shield", "badge", "aqi", "ward_count"):
        cells = [cell(drawn["canvas"], by_mark[mark][s]) for s in ("fresh", "late", "silent", "unknown")]
        same += [(mark, i, j) for i in range(4) for j in range(i) if np.abs(cells[i] - cells[j]).max() < 40]
    assert not same, same


def test_unknown_is_pink_and_never_a_severity(drawn: Sheets) -> None:
    pink = 255 * np.array(palette.rgb(palette.UNKNOWN))
    for i, row in enumerate(rows()):
        if row.get("state") == "unknown" and row["mark"] not in {"label", "chip", "brackets", "ring"}:
            picture = cell(drawn["agg"], i).reshape(-1, 3)
            # a thin dashed stroke is blurred: look at the hue of the most pink pixel
            pinkest = picture[np.argmax(picture[:, 0] + picture[:, 2] - 2 * picture[:, 1])]
            assert pinkest[0] > pinkest[1] + 25, row
            assert (
                abs((pinkest[2] - pinkest[1]) / (pinkest[0] - pinkest[1]) - (pink[2] - pink[1]) / (pink[0] - pink[1]))
                < 0.45
            ), row


def test_legend_shows_whole_marks(chromium: Browser) -> None:
    """No part of a legend's mark is cut by its square."""
    page = chromium.new_page()
    try:
        page.set_content(legend_html())
        cut = page.evaluate(
            """[...document.querySelectorAll('svg')].filter(s => { const v = s.viewBox.baseVal, b = s.getBBox();
               return b.x < v.x || b.y < v.y || b.x + b.width > v.x + v.width || b.y + b.height > v.y + v.height })
               .map(s => s.outerHTML)"""
        )
    finally:
        page.close()
    assert not cut
