"""What the words of marks cover: labels that a layer writes, names beside its marks. The names of the map keep away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from geodata.view import View
from layers.elements import Marks, columns
from layers.lettering import width
from layers.pen import LABELS

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px."""

NAME_PX, NAME_AT_PX = 12.0, 12.0
"""Size of the words beside a mark, and how far right of it they begin (``layers.drawing``)."""


def around(row: Mapping[str, Any]) -> Box | None:
    """The box of a row's words around its place, px of the desk before its own scale; None without words."""
    if row.get("mark") == "label":
        text, shift = _words(row, "text"), (_number(row, "dx"), _number(row, "dy"))
        size, weight, _, tracking, _ = LABELS.get(str(row.get("kind")), LABELS["place"])
        half = width(text, size, weight, tracking) / 2
        return (shift[0] - half, shift[1] - 0.6 * size, shift[0] + half, shift[1] + 0.6 * size) if text else None
    text = _words(row, "name")
    if not text:
        return None
    return NAME_AT_PX, -0.6 * NAME_PX, NAME_AT_PX + width(text, NAME_PX), 0.6 * NAME_PX


def boxes(element: Marks, view: View, k: float = 1.0) -> Iterator[Box]:
    """The boxes of all words of an element on the screen of the view, px from its upper left corner."""
    yield from (box for _, box in rows(element, view, k))


def rows(element: Marks, view: View, k: float = 1.0) -> Iterator[tuple[int, Box]]:
    """The same with the number of the row; rows without words are left out."""
    data = columns(element)
    if not {"text", "name"} & set(data):
        return
    x0, _, _, y1 = view.bounds.mercator
    for i, values in enumerate(zip(*data.values(), strict=True)):
        row = dict(zip(data, values, strict=True))
        box = around(row)
        if box is not None:
            scale = k * (_number(row, "scale") or 1.0)
            x, y = (row["x"] - x0) / view.resolution_m, (y1 - row["y"]) / view.resolution_m
            yield i, (x + box[0] * scale, y + box[1] * scale, x + box[2] * scale, y + box[3] * scale)


def _words(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return 0.0 if value is None or pd.isna(value) else float(value)
