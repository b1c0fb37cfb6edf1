"""A mark as a display list, for every hand that is not the canvas: inline SVG and Agg. Twin of ``marks.js``.

Lengths in css px, y downwards, the place at 0,0. Colours ``#RRGGBB`` or ``#RRGGBBAA``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import hypot
from typing import Any

from layers import palette
from layers.lettering import width
from layers.palette import AQI_OUTLINED, BG, INK, LINE2, SEVERITY, TEXT1, TEXT2, UNKNOWN
from layers.pen import GROUND, LABELS, Op, Pen, Shape, Words
from layers.shapes import ANCHOR, SHAPES, arc, circle, hatched, rounded, sector, tint


def _vessel(pen: Pen) -> None:
    azimuth = pen.get("az")
    pen.small = True
    if azimuth is None:
        pen.body(SHAPES["dot"])
    else:
        pen.turn = float(azimuth)
        pen.body(SHAPES["vessel_lost" if pen.state == "silent" else "vessel"])
        pen.turn = 0
    if pen.level > 3 and pen.look() is None:
        pen.halo(SHAPES["over_line"], -1)
        pen.stroke(SHAPES["over_line"], pen.main, 2)
    pen.query(11, -5, 11)


def _pin(pen: Pen) -> None:
    due = pen.get("due")
    if due is not None and due < 1 and pen.state in {"fresh", "late"}:
        ring = circle(10, 0, 1.1)
        pen.stroke(ring, BG[0], 5.5)
        pen.stroke(ring, palette.DUE_TRACK, 2.5)
        pen.stroke(arc(10, max(due, 0), 0, 1.1), SEVERITY[2] if due >= 0.7 else pen.tint, 2.5)
    pen.body(SHAPES["pin"])
    if pen.level > 1 and pen.look() is None:
        pen.write("!", 0, 1.1, 10, 700, INK)
    pen.query(0, 1.1, 9)


def _camera(pen: Pen) -> None:
    kind, azimuth, reach = pen.get("kind"), pen.get("az"), pen.get("range", 26)
    if reach > 0 and azimuth is not None and kind != "unreachable" and pen.state not in {"unknown", "planned"}:
        cone = sector(reach, azimuth, pen.get("fov", 60))
        dark = pen.state == "silent"
        if not dark:
            pen.fill(cone, pen.tint + "29")
        if kind == "frozen":
            pen.stroke(hatched(reach, azimuth, pen.get("fov", 60)), pen.main + "99", 1)
        pen.stroke(cone, pen.main if dark else pen.tint + "66", 1.2 if dark else 1, (3, 2) if dark else ())
    pen.small = True
    pen.body(SHAPES["camera_large" if pen.state == "unknown" else "camera"])
    pen.query(size=9)
    if kind == "frozen":
        pen.stroke(SHAPES["bars"], pen.main if pen.look() else INK, 1.4)
    if pen.state == "silent" or kind == "unreachable":
        pen.halo(SHAPES["slash"], -1)
        pen.stroke(SHAPES["slash"], pen.main, 1.8)
    pen.notch()


def _bus(pen: Pen) -> None:
    look, azimuth = pen.look(), pen.get("az")
    color = look[1] if look else pen.main
    if azimuth is not None and pen.state != "unknown":
        pen.turn = float(azimuth)
        pen.halo(SHAPES["bus_tick"])
        if pen.state == "fresh":
            pen.fill(SHAPES["bus_tick"], color)
        else:
            pen.stroke(SHAPES["bus_tick"], color, 1)
        pen.turn = 0
    line, dash = (look[0], look[2]) if look else (2, ())
    pen.halo(SHAPES["bus"], line)
    pen.fill(SHAPES["bus"], GROUND)
    pen.stroke(SHAPES["bus"], color, line, dash)
    _finish(pen, size=9)


def _board(pen: Pen) -> None:
    look = pen.look() or ((1.5, pen.main, ()) if pen.get("kind") == "off" else None)
    color = look[1] if look else pen.main
    pen.halo(SHAPES["board_foot"], 1.6)
    pen.stroke(SHAPES["board_foot"], color, 1.6)
    pen.halo(SHAPES["board"], look[0] if look else 0)
    pen.fill(SHAPES["board"], GROUND if look else pen.main)
    if look:
        pen.stroke(SHAPES["board"], color, look[0], look[2])
    _finish(pen, y=-1, size=9)


def _house(pen: Pen) -> None:
    load = pen.get("due")
    if load is None or pen.look():
        pen.body(SHAPES["house"])
    else:
        top = 7 - 15 * min(max(load, 0), 1)
        half = 7 if top >= -2 else 7 * (top + 8) / 6
        eaves = max(top, -2)
        pen.halo(SHAPES["house"], 1.5)
        pen.fill(SHAPES["house"], GROUND)
        pen.fill(f"M-7 7V{eaves:g}L{-half:g} {top:g}L{half:g} {top:g}L7 {eaves:g}V7Z", pen.main)
        pen.stroke(SHAPES["house"], pen.main, 1.5)
    _finish(pen)
    if pen.get("text") is not None:
        pen.write(str(pen.get("text")), 11, 0, 12, 700, TEXT1, anchor="start", halo=True)


def _plus(pen: Pen) -> None:
    look = pen.look()
    pen.body(SHAPES["plus"])
    if pen.state != "unknown":
        pen.stroke(SHAPES["plus_sign"], look[1] if look else INK, 2.2)
    _finish(pen)


def _circle_dot(pen: Pen) -> None:
    look = pen.look()
    pen.body(SHAPES["circle_dot"])
    if pen.state != "unknown":
        pen.fill(SHAPES["circle_dot_dot"], look[1] if look else INK)
    _finish(pen, size=9)


def _ward_count(pen: Pen) -> None:
    lost = pen.state == "unknown"
    text = "?" if lost else str(pen.get("text", ""))
    w = max(24.0, width(text, 12, 700) + 12)
    strong = pen.framed(rounded(-w / 2, -9, w, 18, 5), 1.5)
    pen.write(text, 0, 0, 12, 700, pen.words(strong=strong))


def _foot(pen: Pen, main: str) -> None:
    """The true place of a number that stands beside it."""
    look = pen.look()
    pen.halo(SHAPES["foot"])
    pen.fill(SHAPES["foot"], GROUND if look else main)
    if look:
        pen.stroke(SHAPES["foot"], look[1], 1.5, look[2])


def _aqi(pen: Pen) -> None:
    lost = pen.state == "unknown"
    text = "?" if lost else str(pen.get("text", ""))
    wide = len(text) > 2
    x = -3 if wide else 0
    main = SEVERITY.get(pen.level, LINE2)
    if any(at := pen.offset()):  # where it stood it would cover, or be covered
        look = pen.look()
        color = look[1] if look else main
        pen.leader(*at, color, 1.5)
        _foot(pen, main)
    pen.at = at
    strong = pen.framed(SHAPES["aqi_wide" if wide else "aqi"], 1.5, main)
    if not lost and pen.tint != tint("aqi"):
        bar = f"M{x - 11} -9.8A11 11 0 0 0 {x - 11} 9.8Z"
        pen.fill(bar, pen.tint)
        if pen.tint in AQI_OUTLINED:
            pen.stroke(bar, TEXT2, 1)
    pen.write(text, 0 if lost else 3, 0, 13, 700, pen.words(strong=strong))


def _badge(pen: Pen) -> None:
    if pen.get("kind") == "sign":  # of a legend: a frame with a dot for the number
        pen.framed(SHAPES["badge"], 1.5)
        if pen.state == "unknown":
            pen.query()
        else:
            pen.fill(circle(2), INK if pen.level > 3 else pen.main)
        return
    lost, trend = pen.state == "unknown", pen.get("trend")
    text, unit = ("?", "") if lost else (str(pen.get("text", "–")), str(pen.get("unit", "")))
    wn, wu = width(text, 14, 700), width(unit, 12) + 4 if unit else 0
    w = wn + wu + (14 if trend is not None and not lost else 0) + 18
    x, y = float(pen.get("dx", -(w / 2 + 16))), float(pen.get("dy", 0))
    look = pen.look()
    color = look[1] if look else pen.main
    if x or y:
        pen.leader(min(max(0, x - w / 2), x + w / 2), min(max(0, y - 13), y + 13), color, 1.5)
        _foot(pen, pen.main)
    pen.at = (x, y)
    strong = pen.framed(rounded(-w / 2, -13, w, 26, 5), 2 if pen.level else 1.5)
    at = -w / 2 + 9
    pen.write(text, at, 0, 14, 700, pen.words(strong=strong), anchor="start")
    if unit:
        pen.write(unit, at + wn + 4, 0, 12, 400, INK if strong else TEXT2, anchor="start")
    if trend is not None and not lost:
        pen.at = (x + at + wn + wu + 9, y)
        arrow = "arrow_up" if trend > 0 else "arrow_down" if trend < 0 else "arrow_flat"
        pen.stroke(SHAPES[arrow], INK if strong else TEXT2, 1.6)


def _callout(pen: Pen) -> None:
    x, y = pen.offset()
    far, lost = hypot(x, y), pen.state == "unknown"
    color = UNKNOWN if lost else SEVERITY.get(pen.level, TEXT2)
    if far > 18:
        pen.leader(x * (far - 18) / far, y * (far - 18) / far, color, 2.5)
    pen.at = (x, y)
    pen.halo(SHAPES["callout"], 3)
    pen.fill(SHAPES["callout"], BG[0])
    pen.stroke(SHAPES["callout"], color, 3, (5, 4) if lost else ())
    pen.write(str(pen.get("text", "")), 0, 0, 18, 700, color)


def _letter(pen: Pen) -> None:
    x, y = pen.offset()
    far, look = hypot(x, y), pen.look()
    color = look[1] if look else pen.main
    if far > 15:
        pen.leader(x * (far - 13) / far, y * (far - 13) / far, color, 2)
    pen.at = (x, y)
    pen.halo(SHAPES["letter"], 2)
    pen.fill(SHAPES["letter"], BG[0])
    pen.stroke(SHAPES["letter"], color, 2, look[2] if look else ())
    pen.write(str(pen.get("text", "")), 0, 0, 15, 700, TEXT1)


def _level(pen: Pen) -> None:
    if pen.state == "unknown" or not pen.level:
        pen.body(SHAPES["circle"])
        pen.query()
    else:
        _glyph(pen, palette.LEVEL_SHAPE[pen.level])


def _glyph(pen: Pen, shape: str) -> None:
    pen.body(SHAPES[shape])
    if pen.level:
        ink = pen.main if pen.look() else INK
        pen.write(str(pen.level), 0, 2 if shape == "triangle" else 0, 10, 700, ink)
    pen.query()


def _road(pen: Pen) -> None:
    line, color, dash = pen.look() or (3.5, pen.main, ())
    pen.halo(SHAPES["road"], 3.5)
    pen.stroke(SHAPES["road"], color, 2 if pen.look() else line, dash)
    pen.query()


def _area(pen: Pen) -> None:
    look = pen.look()
    color = look[1] if look else pen.main
    pen.fill(SHAPES["area"], color + ("00" if look else "52"))
    pen.stroke(SHAPES["area"], color, 1.5, look[2] if look and look[2] else (1.5, 2.5))
    pen.query()


def _shade(pen: Pen) -> None:
    look = pen.look()
    line, color, dash = look or (2 if pen.level else 1, pen.main, ())
    pen.fill(SHAPES["area"], pen.tint + ("00" if look else "99"))
    pen.stroke(SHAPES["area"], color, line, dash)
    pen.query()


def _hatch(pen: Pen) -> None:
    look = pen.look()
    color = look[1] if look else pen.main
    pen.fill(SHAPES["hatch"], color + "12")
    pen.stroke(SHAPES["hatch_lines"], color + "8C", 1.6)
    pen.stroke(SHAPES["hatch"], color, 1.8, (4, 3) if pen.state == "exercise" else look[2] if look else ())
    pen.query()


def _network(pen: Pen) -> None:
    look = pen.look()
    pen.halo(SHAPES["network"], 1.6)
    pen.stroke(SHAPES["network"], look[1] if look else pen.main, 1.6, look[2] if look else ())
    pen.body(SHAPES["network_nodes"])
    pen.query(12)


def _image(pen: Pen) -> None:
    look = pen.look()
    color = look[1] if look else pen.main
    pen.halo(SHAPES["image"], 1.6)
    pen.fill(SHAPES["image"], GROUND)
    if pen.state != "unknown":
        pen.fill(SHAPES["image_hill"], color)
    pen.stroke(SHAPES["image"], color, 1.6, look[2] if look else ())
    pen.query()


def _label(pen: Pen) -> None:
    size, weight, italic, tracking, color = LABELS.get(str(pen.get("kind")), LABELS["place"])
    color = str(pen.get("tint", color))
    x, y = pen.offset()
    pen.write(str(pen.get("text", "")), x, y, size, weight, color, italic=italic, tracking=tracking, halo=True)


def _chip(pen: Pen) -> None:
    text, x, y = str(pen.get("text", "")), float(pen.get("dx", 34)), float(pen.get("dy", 0))
    box = rounded(x, y - 13, width(text, 13, 700) + 20, 26, 6)
    pen.fill(box, BG[1] + "F2")
    pen.stroke(box, LINE2, 1)
    pen.write(text, x + 10, y, 13, 700, TEXT1, anchor="start")


def _brackets(pen: Pen) -> None:
    pen.at = pen.offset()
    pen.stroke(SHAPES["brackets"], BG[0], 5.2)
    pen.stroke(SHAPES["brackets"], palette.SELECT, 2.2)


def _ring(pen: Pen) -> None:
    pen.at = pen.offset()
    pen.stroke(SHAPES["ring"], BG[0], 5)
    pen.stroke(SHAPES["ring"], palette.SELECT, 2)


def _plain(pen: Pen) -> None:
    name = str(pen.row["mark"])
    pen.small = name in {"cabinet", "dot"}
    pen.body(SHAPES.get(name, SHAPES["dot"]))
    if name == "dot":
        pen.query(9, -4)
    else:
        _finish(pen)


def _finish(pen: Pen, y: float = 0, size: float = 10) -> None:
    pen.query(0, y, size)
    pen.slash()
    pen.notch()


COMPOSITE: Mapping[str, Callable[[Pen], None]] = {
    "vessel": _vessel,
    "pin": _pin,
    "camera": _camera,
    "bus": _bus,
    "board": _board,
    "house": _house,
    "plus": _plus,
    "circle_dot": _circle_dot,
    "ward_count": _ward_count,
    "aqi": _aqi,
    "badge": _badge,
    "callout": _callout,
    "letter": _letter,
    "level": _level,
    "road": _road,
    "area": _area,
    "shade": _shade,
    "hatch": _hatch,
    "network": _network,
    "image": _image,
    "label": _label,
    "chip": _chip,
    "brackets": _brackets,
    "ring": _ring,
    **{shape: lambda pen, shape=shape: _glyph(pen, shape) for shape in palette.LEVEL_SHAPE.values()},  # type: ignore[misc]
}
"""Marks that need more than a body; every other name of ``SHAPES`` is drawn plain."""

SIMPLE = ("cabinet", "hexagon", "shield", "pentagon", "incident", "dot", "feed")
NAMES: tuple[str, ...] = (*COMPOSITE, *SIMPLE)
"""Every mark that a row may name."""
NAMELESS = frozenset({"label", "chip", "callout", "letter"})


def drawing(row: Mapping[str, Any], *, anchored: bool = True) -> tuple[list[Op], float]:
    """The display list of a row (columns as in ``layers.marks``, without k and scale) and its opacity.

    ``anchored`` moves a pin so that its tip stands on the place; legends draw it around its centre.
    """
    pen = Pen(row)
    mark = str(pen.get("mark", "dot"))
    pen.row = {**row, "mark": mark}
    COMPOSITE.get(mark, _plain)(pen)
    pen.at = (0, 0)
    name = pen.get("name")
    if name is not None and mark not in NAMELESS:
        pen.write(str(name), 12, 1 if mark in ANCHOR else 0, 12, 400, TEXT2, anchor="start", halo=True)
    alpha = float(pen.get("alpha", 1)) * (palette.STATE_ALPHA["exercise"] if pen.state == "exercise" else 1)
    x, y = ANCHOR.get(mark, (0, 0)) if anchored else (0, 0)
    return [_moved(op, x, y) for op in pen.ops] if x or y else pen.ops, alpha


def _moved(op: Op, x: float, y: float) -> Op:
    at = (op.at[0] + x, op.at[1] + y)
    if isinstance(op, Words):
        return Words(op.text, at, op.size, op.weight, op.color, op.anchor, op.italic, op.tracking, op.halo)
    return Shape(op.path, op.fill, op.stroke, op.width, op.dash, op.turn, at)
