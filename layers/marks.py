"""The marks of the map in three hands that look the same: canvas (``glyph``), inline SVG (``svg``), Agg (``drawing``).

A mark is a row. Its columns, all but ``mark`` optional, NaN or None as if missing:

``mark`` name of a shape · ``state`` fresh, late, silent, unknown, maintenance, planned, exercise (look.md 2.4) ·
``level`` 0–5 · ``tint`` ``#RRGGBB`` instead of the kind's (for ``aqi``: the colour of the bar) · ``alpha`` 0–1 ·
``az`` degrees clockwise from north (heading, camera azimuth) · ``due`` share of the time used, 0–1, over 1 overdue
(for ``house``: load) · ``text`` and ``unit`` the number of a badge, the digit of a call-out, the words of a label ·
``trend`` -1, 0, 1 · ``name`` words at the right of the mark · ``dx, dy`` px from the place (badge, call-out, letter,
chip, label) · ``scale`` · ``fov`` degrees and ``range`` px of a camera's cone (range 0: no cone) · ``kind`` a variant:
camera ``frozen`` or ``unreachable``; label ``city ward province place sea river island``; board ``off``.

The canvas draws by ``marks.js``, SVG and Agg by the display list of ``layers.drawing``; a test draws every mark
in all three and compares.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

from bokeh.models import ColumnDataSource, CustomJS, Scatter
from matplotlib.path import Path

from layers import lettering, palette
from layers.drawing import NAMES, drawing
from layers.pen import LABELS, Op, Words
from layers.shapes import ANCHOR, SHAPES, TINT, mpl_path

__all__ = [
    "ANCHOR",
    "HIT_PX",
    "MARKER",
    "NAMES",
    "SHAPES",
    "TINT",
    "agg_path",
    "drawing",
    "glyph",
    "script",
    "svg",
    "svg_body",
]

MARKER = "@vl"
HIT_PX = 32  # the square that a click hits; 36 on the planner. The painting ignores it
LEGEND_AZ = {"camera": 90.0, "vessel": 45.0, "bus": 0.0}  # how a turning mark stands in a legend


def script() -> str:
    """The JavaScript module of the custom marker, with shapes and colours filled in."""
    text = files("layers").joinpath("marks.js").read_text(encoding="utf-8")
    values: Mapping[str, Mapping[Any, Any]] = {
        "SHAPES": SHAPES,
        "TINT": TINT,
        "ANCHOR": ANCHOR,
        "SEV": palette.SEVERITY,
        "LEVEL_SHAPE": palette.LEVEL_SHAPE,
        "LABEL": LABELS,
        "C": {
            "bg": palette.BG[0],
            "panel": palette.BG[1],
            "ground": palette.BASEMAP["sea"],
            "text": palette.TEXT1,
            "text2": palette.TEXT2,
            "text3": palette.TEXT3,
            "line": palette.LINE2,
            "off": palette.TEXT_OFF,
            "ink": palette.INK,
            "people": palette.TINT["people"],
            "unknown": palette.UNKNOWN,
            "maintenance": palette.MAINTENANCE,
            "track": palette.DUE_TRACK,
            "select": palette.SELECT,
            "outlined": sorted(palette.AQI_OUTLINED),
        },
    }
    head = "".join(f"const {name}={json.dumps(dict(v), ensure_ascii=False)};\n" for name, v in values.items())
    return head + text


def glyph(source: ColumnDataSource, k: float = 1.0, size: float = HIT_PX) -> Any:
    """The Bokeh glyph that paints the rows of ``source``; ``k`` multiplies every mark (2.2 on the 4K wall)."""
    code = CustomJS(args={"src": source, "k": k}, code=script(), module=True)
    return Scatter(x="x", y="y", size=size, marker=MARKER, defs={MARKER: code})


def agg_path(mark: str) -> Path:
    """The shape as a matplotlib path, css px, y downwards. Raises KeyError for a name that is not in ``SHAPES``."""
    return mpl_path(SHAPES[mark])


def svg(
    mark: str,
    state: str = "fresh",
    level: int = 0,
    px: float = 20,
    az: float | None = None,
    due: float | None = None,
    *,
    tint: str | None = None,
    text: str | None = None,
    kind: str | None = None,
    title: str = "",
) -> str:
    """The mark as inline SVG for legends, tree and table: a square of ``px``, whole marks never cut.

    A mark wider than 24 px is drawn smaller to fit. Without ``title`` it is hidden from screen readers.
    """
    row = {"mark": mark, "state": state, "level": level, "az": az, "due": due, "tint": tint, "text": text, "kind": kind}
    if mark == "badge" and text is None:
        row |= {"kind": "sign"}
    elif mark in {"badge", "callout", "letter", "label", "chip"}:
        row |= {"dx": 0, "dy": 0}
    if az is None:
        row["az"] = LEGEND_AZ.get(mark)
    if mark == "camera":
        row["range"] = 11
    row["alpha"] = palette.STATE_ALPHA.get(state, 1.0) if state != "exercise" else 1.0
    ops, alpha = drawing(row, anchored=False)
    body = "".join(_svg(op, alpha) for op in ops)
    half = max(12.0, *(_reach(op) for op in ops))
    label = f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{px:g}" height="{px:g}" '
        f'viewBox="{-half:g} {-half:g} {2 * half:g} {2 * half:g}" {label}>{body}</svg>'
    )


def svg_body(row: Mapping[str, Any]) -> str:
    """The SVG elements of a row (columns as above) around its place at 0,0, without the ``svg`` around them."""
    ops, alpha = drawing(row)
    return "".join(_svg(op, alpha) for op in ops)


def _reach(op: Op) -> float:
    """How far an op reaches from the centre, px."""
    if isinstance(op, Words):
        w = lettering.width(op.text, op.size, op.weight, op.tracking)
        x = abs(op.at[0]) + (w if op.anchor == "start" else w / 2)
        return float(max(x + 0.16 * op.size, abs(op.at[1]) + 0.8 * op.size))  # with ascent and halo
    box = mpl_path(op.path).get_extents()
    reach = max(abs(v) for v in (box.x0, box.x1, box.y0, box.y1)) * (1.2 if op.turn else 1)
    return float(reach + op.width / 2 + max(abs(v) for v in op.at))


def _svg(op: Op, alpha: float) -> str:
    if isinstance(op, Words):
        return _svg_words(op, alpha)
    paint = f'fill="{op.fill or "none"}"'
    if op.stroke:
        cap = "butt" if op.dash else "round"
        paint += f' stroke="{op.stroke}" stroke-width="{op.width:g}" stroke-linejoin="round" stroke-linecap="{cap}"'
    if op.dash:
        paint += f' stroke-dasharray="{" ".join(f"{d:g}" for d in op.dash)}"'
    if alpha < 1:
        paint += f' opacity="{alpha:g}"'
    moves = []
    if op.at != (0, 0):
        moves.append(f"translate({op.at[0]:g} {op.at[1]:g})")
    if op.turn:
        moves.append(f"rotate({op.turn:g})")
    move = f' transform="{"".join(moves)}"' if moves else ""
    return f'<path d="{op.path}" {paint}{move}/>'


def _svg_words(op: Words, alpha: float) -> str:
    style = f'font-family="{palette.FONT}" font-size="{op.size:g}" font-weight="{op.weight}" text-anchor="{op.anchor}"'
    if op.italic:
        style += ' font-style="italic"'
    if op.tracking:
        style += f' letter-spacing="{op.tracking:g}"'
    if op.halo:
        style += (
            f' paint-order="stroke" stroke="{palette.BG[0]}" stroke-opacity="0.85" '
            f'stroke-width="{0.32 * op.size:g}" stroke-linejoin="round"'
        )
    if alpha < 1:
        style += f' opacity="{alpha:g}"'
    x, y = op.at[0], op.at[1] + lettering.CAP_HEIGHT / 2 * op.size
    return f'<text x="{x:g}" y="{y:g}" {style} fill="{op.color}">{escape(op.text)}</text>'
