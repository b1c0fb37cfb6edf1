"""What marks cover on the screen, so that names and call-outs can keep away from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import hypot
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.view import View
from layers import badges, wordboxes
from layers.elements import Marks, columns

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px."""

MOST = 3000
"""More marks than this are a density to the eye: the names keep away from numbers and abnormal marks only."""

PLAIN: Mapping[str, Box] = {
    "pin": (-7, -21, 7, 1),
    "aqi": (-20, -12, 18, 12),
    "vessel": (-8, -9, 8, 9),
    "dot": (-4, -4, 4, 4),
    "camera": (-8, -8, 8, 8),
}
DOT: Box = (-5, -5, 5, 5)
RING = (-10.5, -24, 10.5, 1)
OTHER = (-12, -12, 12, 12)
CALLOUT_PX, LEADER_PX = 21, 4
NUMBERS = frozenset({"badge", "aqi"})


def shapes(row: Mapping[str, Any]) -> Iterator[Box]:
    """The boxes of one mark around its place, desk px before the wall's factor (shapes: look.md 3.6)."""
    mark, dx, dy = str(row["mark"]), _number(row, "dx"), _number(row, "dy")
    if mark == "callout":
        yield dx - CALLOUT_PX, dy - CALLOUT_PX, dx + CALLOUT_PX, dy + CALLOUT_PX
        steps = max(2, round(hypot(dx, dy) / 12))
        for i in range(steps):
            x, y = dx * i / steps, dy * i / steps
            yield x - LEADER_PX, y - LEADER_PX, x + LEADER_PX, y + LEADER_PX
    elif mark in NUMBERS:
        yield pill(row)
        yield DOT
    elif mark == "label":
        yield from filter(None, [wordboxes.around(row)])
    elif mark == "pin" and _number(row, "due"):
        yield RING
    else:
        yield PLAIN.get(mark, OTHER)
        yield from filter(None, [wordboxes.around(row)])


def pill(row: Mapping[str, Any]) -> Box:
    """The box of what is to be read of a number, which may stand away from its place; desk px before the factor."""
    dx, dy = _number(row, "dx"), _number(row, "dy")
    left, top, right, bottom = PLAIN["aqi"]
    if row["mark"] == "badge":
        told = [str(row.get(name) or "") for name in ("text", "unit")]
        right = badges.width_px(*told, arrow=not pd.isna(row.get("trend", np.nan))) / 2
        left, top, bottom = -right, -13, 13
    return dx + left, dy + top, dx + right, dy + bottom


def covered(elements: Iterable[Marks], view: View, k: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Screen boxes (n, 4) in px of the view: those of numbers, call-outs and abnormal marks; those of all others."""
    hard: list[Box] = []
    soft: list[Box] = []
    for row, box in _boxes(elements, view, k):
        loud = bool(row.get("text")) or _number(row, "level") >= 1 or row["mark"] in {"callout", "badge"}
        (hard if loud else soft).append(box)
    return _array(hard), _array(soft if len(soft) <= MOST else [])


def numbers(elements: Iterable[Marks], view: View, k: float) -> NDArray[np.float64]:
    """Screen boxes (n, 4) of the numbers to be read, without the places they are of and the lines to these."""

    def told(row: Mapping[str, Any]) -> Iterable[Box]:
        return [pill(row)] if row["mark"] in NUMBERS else []

    return _array([box for _, box in _boxes(elements, view, k, told)])


def _boxes(
    elements: Iterable[Marks],
    view: View,
    k: float,
    shape: Callable[[Mapping[str, Any]], Iterable[Box]] = shapes,
) -> Iterator[tuple[Mapping[str, Any], Box]]:
    x0, _, _, y1 = view.bounds.mercator
    for element in elements:
        data = columns(element)
        names = list(data)
        for values in zip(*(data[name] for name in names), strict=True):
            row = dict(zip(names, values, strict=True))
            x, y = (row["x"] - x0) / view.resolution_m, (y1 - row["y"]) / view.resolution_m
            scale = k * (_number(row, "scale") or 1.0)
            for left, top, right, bottom in shape(row):
                yield row, (x + left * scale, y + top * scale, x + right * scale, y + bottom * scale)


def _number(row: Mapping[str, Any], name: str) -> float:
    """The value of a column, 0 where it is missing or NaN."""
    value = row.get(name)
    return 0.0 if value is None or pd.isna(value) else float(value)


def _array(boxes: list[Box]) -> NDArray[np.float64]:
    return np.asarray(boxes, float).reshape(-1, 4)
