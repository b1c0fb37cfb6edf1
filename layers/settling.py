"""The last word on a whole picture: layers that may choose their places do, and of words that touch one stays.

A layer draws without knowing the others. Here all are drawn: what a warning says moves inside its area to where it
covers nothing (``Layer.settle``), and of names beside marks of different layers the more abnormal one stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pandas as pd

from layers import wordboxes
from layers.base import Among, Layer, get
from layers.elements import Marks, columns
from layers.footprints import covered
from layers.labels import GAP_PX, touched
from layers.numbers import WALL_NUMBERS
from layers.order import flat, style_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from geodata.view import View

NOTHING = np.empty((0, 4))
MOST_NAMES = 1500
"""More names than this are not compared: so many do not stand in one picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn on: ``view`` in px of the screen, marks ``k`` times as large as on a desk; ``chrome`` are boxes of
    what lies on the map.
    """

    view: View
    k: float = 1.0
    language: str = "vi"
    wall: bool = False
    chrome: NDArray[np.float64] = field(default_factory=lambda: NOTHING)

    @property
    def desk(self) -> View:
        """The same view in px of a desk."""
        width, height = (max(1, round(px / self.k)) for px in (self.view.width_px, self.view.height_px))
        return replace(self.view, width_px=width, height_px=height)


def settled(drawn: Mapping[str, tuple[gpd.GeoDataFrame | None, Any]], picture: Picture) -> dict[str, Any]:
    """The elements that change, by service. ``drawn`` gives the frame and the element of every layer of the picture."""
    out: dict[str, Any] = {}
    if picture.wall:
        out = {name: large for name, (_, one) in drawn.items() if (large := enlarged(one)) is not one}
        drawn = {name: (frame, out.get(name, element)) for name, (frame, element) in drawn.items()}
    movable = [name for name in drawn if chooses(get(name)) and drawn[name][0] is not None]
    hard, soft = covered(marks_of([drawn[name][1] for name in drawn if name not in movable]), picture.view, picture.k)
    hard = np.concatenate([hard, picture.chrome])
    for name in sorted(movable, key=lambda one: get(one).z_order):  # what a warning says is the freest: it comes last
        frame = drawn[name][0]
        among = Among(hard / picture.k, soft / picture.k, picture.language, picture.wall)
        element = None if frame is None else get(name).settle(frame, picture.desk, among)
        if element is not None:
            out[name] = element
            hard = np.concatenate([hard, covered(marks_of([element]), picture.view, picture.k)[0]])
    rest = {name: out.get(name, element) for name, (_, element) in drawn.items()}
    return out | _named(rest, picture)


def marks_of(drawn: Sequence[Any]) -> list[Marks]:
    """The marks among elements and overlays."""
    parts = [part for element in drawn if element is not None for part in flat(element)]
    return [part for part in parts if isinstance(part, Marks) and len(part)]


def ground(element: Any) -> Any:
    """The areas and lines of what a layer drew, without its marks."""
    return hv.Overlay([part for part in flat(element) if not isinstance(part, Marks)]) if element is not None else None


def chooses(layer: Layer) -> bool:
    """Whether the layer finds its places when the others stand."""
    return type(layer).settle is not Layer.settle


@dataclass(frozen=True, slots=True)
class _Name:
    """A name beside a mark: layer, part of its element, row; its box and level."""

    layer: str
    part: int
    row: int
    box: wordboxes.Box
    level: float


def _named(drawn: Mapping[str, Any], picture: Picture) -> dict[str, Any]:
    """The elements of which a name was taken away: it touched another layer's, or the frame would cut it."""
    names = [one for layer, element in drawn.items() if element is not None for one in _names(layer, element, picture)]
    if not names or len(names) > MOST_NAMES:
        return {}
    labels = [box for part in marks_of(list(drawn.values())) for box in _labels(part, picture)]
    taken = np.asarray(labels, float).reshape(-1, 4)
    gone: dict[tuple[str, int], list[int]] = {}
    for one in sorted(names, key=lambda name: (-name.level, -get(name.layer).z_order)):
        if _cut(one.box, picture.view) or touched(taken, one.box, GAP_PX * picture.k / 2):
            gone.setdefault((one.layer, one.part), []).append(one.row)
        else:
            taken = np.concatenate([taken, [one.box]])
    changed = dict.fromkeys(layer for layer, _ in gone)
    return {layer: _without(layer, drawn[layer], gone) for layer in changed}


def enlarged(element: Any) -> Any:
    """The same with numbers in marks as large as a wall needs; the element itself where it has none."""
    parts = list(flat(element)) if element is not None else []
    grown = [_grown(part) if isinstance(part, Marks) and len(part) else part for part in parts]
    if all(a is b for a, b in zip(parts, grown, strict=True)):
        return element
    return grown[0] if len(grown) == 1 else hv.Overlay(grown)


def _grown(part: Marks) -> Marks:
    data = columns(part)
    factor = pd.Series(data["mark"], dtype=object).map(WALL_NUMBERS).fillna(1.0).to_numpy(float)
    if (factor == 1).all():
        return part
    own = pd.to_numeric(pd.Series(data.get("scale", np.ones(len(part)))), errors="coerce").fillna(1.0).to_numpy(float)
    data["scale"] = own * factor
    names = [name for name in data if name not in {"x", "y"}]
    made: Marks = Marks(data, ["x", "y"], names).opts(backend="bokeh", **style_of(part))
    return made


def _cut(box: wordboxes.Box, view: View) -> bool:
    """Whether the frame cuts through the words; those wholly outside may stay."""
    left, top, right, bottom = box
    inside = left < view.width_px and right > 0 and top < view.height_px and bottom > 0
    return inside and not (left >= 0 and right <= view.width_px and top >= 0 and bottom <= view.height_px)


def _names(layer: str, element: Any, picture: Picture) -> list[_Name]:
    out = []
    for i, part in enumerate(flat(element)):
        data = columns(part) if isinstance(part, Marks) and len(part) else {}
        if "name" not in data or not any(isinstance(name, str) and name for name in data["name"]):
            continue
        levels = pd.to_numeric(pd.Series(data.get("level", np.zeros(len(part)))), errors="coerce").fillna(0)
        for row, box in wordboxes.rows(part, picture.view, picture.k):
            if data["mark"][row] != "label":
                out.append(_Name(layer, i, row, box, float(levels.iloc[row])))
    return out


def _labels(part: Marks, picture: Picture) -> list[wordboxes.Box]:
    marks = part.dimension_values("mark")
    return [box for row, box in wordboxes.rows(part, picture.view, picture.k) if marks[row] == "label"]


def _without(layer: str, element: Any, gone: Mapping[tuple[str, int], Sequence[int]]) -> Any:
    """The element with those names left out."""
    parts = []
    for i, part in enumerate(flat(element)):
        rows = gone.get((layer, i))
        if rows is None:
            parts.append(part)
            continue
        data = {name: values.copy() for name, values in columns(part).items()}
        data["name"] = data["name"].astype(object)
        data["name"][list(rows)] = None
        names = [name for name in data if name not in {"x", "y"}]
        parts.append(Marks(data, ["x", "y"], names).opts(backend="bokeh", **style_of(part)))
    return parts[0] if len(parts) == 1 else hv.Overlay(parts)
