"""Numbers, letters and names on the wall's map, clear of each other, of abnormal marks, of the inset and the scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.pages.footprints import covered, numbers
from app.panels import callouts
from app.panels.map_frame import wall_chrome
from layers import labels, settling, wordboxes
from layers.elements import Marks

if TYPE_CHECKING:
    from app.pages.pictures import Picture
    from app.panels.wall_have import Memory, Spot
    from geodata.view import View

LABELS_MOST = 12
KEY = "names on the map"


@dataclass(frozen=True, slots=True)
class Named:
    """``settled`` are layers that stand otherwise among the others."""

    callouts: Marks
    labels: Any
    settled: Mapping[str, Any]


def named(
    pictures: Mapping[str, Picture], spots: Sequence[Spot], view: View, k: float, language: str, memory: Memory
) -> Named:
    """The call-outs of the spots and the names of the scene; the same object as the last time when nothing moved."""
    key = (tuple((name, id(p)) for name, p in sorted(pictures.items())), tuple(spots), view.bounds, view.width_px, k)
    before = memory.last(KEY)
    if before is not None and before[0] == key:
        known: Named = before[1]
        return known
    found = _placed(pictures, spots, view, k, language)
    memory.keep(KEY, 0, lambda: (key, found, list(pictures.values())))  # the pictures are kept: their ids are the key
    return found


def _placed(pictures: Mapping[str, Picture], spots: Sequence[Spot], view: View, k: float, language: str) -> Named:
    chrome = wall_chrome(view.width_px, view.height_px, k)
    drawn = {name: (p.frame, p.element) for name, p in pictures.items() if p.element is not None}
    pointed = callouts.places(spots, view, k)  # what a number points at must stay to be seen
    scene = settling.Picture(view=view, k=k, language=language, wall=True, chrome=np.concatenate([chrome, pointed]))
    moved = settling.settled(drawn, scene)
    elements = [moved.get(name, element) for name, (_, element) in drawn.items()]
    settled = list(settling.marks_of(elements))
    hard, soft = covered(settled, view, k)
    called = callouts.element(
        spots,
        view,
        k,
        np.concatenate([chrome, words(elements, view, k)]),
        np.concatenate([hard, soft]),
        numbers(settled, view, k),
    )
    circles, _ = covered([callouts.boxed(called)], view, k)
    taken = np.concatenate([hard, circles, chrome])
    names = labels.labels(view, "wall", language=language, taken=taken, crowd=soft, most=LABELS_MOST, k=k)
    return Named(called, names, moved)


def words(elements: Sequence[Any], view: View, k: float) -> NDArray[np.float64]:
    """The boxes of what layers write: a number never stands on words."""
    boxes = [box for part in settling.marks_of(elements) for box in wordboxes.boxes(part, view, k)]
    return np.asarray(boxes, float).reshape(-1, 4)
