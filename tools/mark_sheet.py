"""Every mark in every state, drawn by the three hands: canvas in Chromium, inline SVG, Agg.

    python tools/mark_sheet.py OUT_DIR

writes canvas.png, svg.png, agg.png and legend.png to look at; tests/ui/test_marks.py compares the first three.
"""

from __future__ import annotations

import base64
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.embed import file_html
from bokeh.models import ColumnDataSource, Plot, Range1d
from bokeh.resources import INLINE
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page

from layers import marks, palette
from layers.agg import Canvas

CELL_W, CELL_H, COLUMNS = 110, 64, 12
BOKEH_SHIFT = 0.5  # its canvas lies half a px to the right and below
GROUND = palette.BASEMAP["land"]
Row = Mapping[str, Any]


@cache
def rows() -> tuple[Row, ...]:
    """One row a cell: each mark in all states, at levels 0–5, and the variants that have their own drawing."""
    out: list[Row] = []
    words: dict[str, Row] = {
        "badge": {"text": "1,12", "unit": "m", "dx": -18},
        "aqi": {"text": "87", "tint": palette.AQI[1]},
    }
    words |= {"callout": {"text": "4", "dx": 26, "dy": -8}, "letter": {"text": "B", "dx": 22, "dy": 6}}
    words |= {"label": {"text": "Huế", "kind": "city"}, "chip": {"text": "PA-26", "dx": -40}}
    words |= {"ward_count": {"text": "23"}, "vessel": {"az": 40.0}, "bus": {"az": 120.0}}
    words |= {"camera": {"az": 60.0, "fov": 60.0, "range": 24.0}}
    for mark in marks.NAMES:
        own = words.get(mark, {})
        out += [{"mark": mark, "state": state, **own} for state in palette.STATES]
        out += [{"mark": mark, "level": level, **own} for level in range(1, 6)]
    out += [{"mark": "pin", "due": due} for due in (0.2, 0.5, 0.8)] + [{"mark": "pin", "due": 1.2, "level": 2}]
    out += [{"mark": "vessel"}, {"mark": "vessel", "az": 200.0, "scale": 0.6}, {"mark": "vessel", "name": "QNg 1"}]
    out += [{"mark": "camera", "az": 10.0, "kind": kind} for kind in ("frozen", "unreachable")]
    out += [{"mark": "board", "kind": "off"}, {"mark": "house", "due": 0.4}, {"mark": "house", "due": 0.9, "text": "7"}]
    out += [{"mark": "badge", "text": "4,6", "trend": t, "level": t + 2} for t in (-1, 0, 1)]
    out += [
        {"mark": "aqi", "text": "152", "tint": palette.AQI[5]},
        {"mark": "aqi", "text": "40", "dx": 26, "dy": -16},
        {"mark": "pin", "alpha": 0.45},
    ]
    for kind, text in {"sea": "BIỂN", "ward": "Mỹ Thượng", "river": "Sông Bồ", "island": "Đảo Ễ"}.items():
        out.append({"mark": "label", "text": text, "kind": kind})
    return tuple(out)


def size(cells: Sequence[Row]) -> tuple[int, int]:
    return CELL_W * COLUMNS, CELL_H * -(-len(cells) // COLUMNS)


def centre(i: int) -> tuple[float, float]:
    """Of a cell, px from the upper left."""
    return CELL_W * (i % COLUMNS) + CELL_W / 2, CELL_H * (i // COLUMNS) + CELL_H / 2


def agg(cells: Sequence[Row]) -> NDArray[np.uint8]:
    """The sheet by Agg, RGB."""
    w, h = size(cells)
    canvas = Canvas((0, 0, w, h), w, h, 0, GROUND)
    for i, row in enumerate(cells):
        x, y = centre(i)
        canvas.mark(x + BOKEH_SHIFT, h - y - BOKEH_SHIFT, row)
    return canvas.rgba()[..., :3]


@cache
def fonts() -> str:
    """@font-face rules of the offline bundle, as the pages have them."""
    spec = importlib.util.find_spec("panel_material_ui")
    assert spec is not None, "panel-material-ui brings the fonts"
    dist = Path(str(spec.origin)).parent / "dist"
    ranges = {
        "latin": "U+0-FF,U+131,U+2000-206F,U+2122",
        "latin-ext": "U+100-2BA",
        "vietnamese": "U+102-1B0,U+1EA0-1EF9",
    }
    rules = []
    for weight in (400, 700):
        for part, codes in ranges.items():
            data = base64.b64encode(next(iter(sorted(dist.glob(f"roboto-{part}-{weight}-normal-*.woff")))).read_bytes())
            rules.append(
                f"@font-face{{font-family:Roboto;font-weight:{weight};unicode-range:{codes};"
                f"src:url(data:font/woff;base64,{data.decode()})}}"
            )
    return "".join(rules)


def canvas_html(cells: Sequence[Row]) -> str:
    """A page with the sheet as one Bokeh plot."""
    w, h = size(cells)
    keys = sorted({key for row in cells for key in row})
    data: dict[str, list[Any]] = {key: [row.get(key) for row in cells] for key in keys}
    data["x"], data["y"] = ([centre(i)[0] for i in range(len(cells))], [h - centre(i)[1] for i in range(len(cells))])
    source = ColumnDataSource(data)
    plot = Plot(
        x_range=Range1d(0, w),
        y_range=Range1d(0, h),
        width=w,
        height=h,
        min_border=0,
        outline_line_color=None,
        toolbar_location=None,
        background_fill_color=GROUND,
        border_fill_color=GROUND,
    )
    plot.add_glyph(source, marks.glyph(source))
    script = files("app").joinpath("assets/fonts.js").read_text(encoding="utf-8")
    html = str(file_html(plot, INLINE, "marks"))
    return html.replace("</head>", f"<style>{fonts()}body{{margin:0}}</style></head>").replace(
        "</body>", f"<script>{script}</script></body>"
    )


def svg_html(cells: Sequence[Row]) -> str:
    """A page with the sheet as one inline SVG, every mark at its true size."""
    w, h = size(cells)
    parts = []
    for i, row in enumerate(cells):
        x, y = (c + BOKEH_SHIFT for c in centre(i))
        parts.append(f'<g transform="translate({x} {y}) scale({row.get("scale", 1)})">{marks.svg_body(row)}</g>')
    return (
        f"<style>{fonts()}body{{margin:0}}</style>"
        f'<svg width="{w}" height="{h}" style="display:block;background:{GROUND}">{"".join(parts)}</svg>'
    )


def shot(page: Page, html: str, cells: Sequence[Row], *, bokeh: bool) -> NDArray[np.uint8]:
    """The page's picture once fonts and plot are there."""
    w, h = size(cells)
    page.set_viewport_size({"width": w, "height": h})
    page.set_content(html)
    page.evaluate(
        "Promise.all(['400','700'].flatMap(w=>['a','ế','đ'].map(c=>document.fonts.load(`${w} 16px Roboto`,c))))"
    )
    if bokeh:
        page.wait_for_function("window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")
    page.wait_for_timeout(400)  # a repaint after the fonts; there is no event for a painted canvas
    return np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB"))


def sheets(browser: Browser, cells: Sequence[Row]) -> dict[str, NDArray[np.uint8]]:
    """The same cells by canvas, SVG and Agg."""
    page = browser.new_page()
    try:
        return {
            "canvas": shot(page, canvas_html(cells), cells, bokeh=True),
            "svg": shot(page, svg_html(cells), cells, bokeh=False),
            "agg": agg(cells),
        }
    finally:
        page.close()


def legend_html() -> str:
    """Every mark as in a legend, 20 and 32 px, fresh, silent at level 3 and unknown."""
    cells = []
    for mark in marks.NAMES:
        looks = (("fresh", 0), ("silent", 3), ("unknown", 0))
        pictures = "".join(marks.svg(mark, s, lv, px) for px in (20, 32) for s, lv in looks)
        cells.append(f'<div style="width:270px;display:inline-block;color:{palette.TEXT2}">{pictures} {mark}</div>')
    return f"<style>{fonts()}body{{margin:8px;background:{palette.BG[1]};font:13px Roboto}}</style>{''.join(cells)}"


def main(folder: str) -> None:
    from tests.support.browser import chromium

    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, picture in sheets(browser, rows()).items():
            Image.fromarray(picture).save(out / f"{name}.png")
        page = browser.new_page(viewport={"width": 1100, "height": 620})
        page.set_content(legend_html())
        page.screenshot(path=str(out / "legend.png"))


if __name__ == "__main__":
    main(sys.argv[1])
