"""Numbers, letters and names on the wall's map, clear of each other, of abnormal marks, of the inset and the scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.pages.footprints import covered
from app.pages.pictures import Picture, marks_of
from app.panels import callouts
from app.panels.map_frame import wall_chrome
from layers import labels
from layers.elements import Marks

if TYPE_CHECKING:
    from app.panels.wall_have import Memory, Spot
    from geodata.view import View

LABELS_MOST = 12
KEY = "names on the map"


@dataclass(frozen=True, slots=True)
class Named:
    """``fresh``: other than the last time, to be drawn."""

    callouts: Marks
    labels: Any
    fresh: bool


def named(
    pictures: Mapping[str, Picture], spots: Sequence[Spot], view: View, k: float, language: str, memory: Memory
) -> Named:
    """The call-outs of the spots and the names of the scene; those of the last round when nothing moved."""
    key = (tuple((name, id(p)) for name, p in sorted(pictures.items())), tuple(spots), view.bounds, view.width_px, k)
    before = memory.last(KEY)
    if before is not None and before[0] == key:
        return Named(before[1].callouts, before[1].labels, fresh=False)
    found = _placed(list(pictures.values()), spots, view, k, language)
    memory.keep(KEY, 0, lambda: (key, found, list(pictures.values())))  # the pictures are kept: their ids are the key
    return found


def _placed(pictures: Sequence[Picture], spots: Sequence[Spot], view: View, k: float, language: str) -> Named:
    hard, soft = covered(marks_of(pictures), view, k)
    chrome = wall_chrome(view.width_px, view.height_px, k)
    called = callouts.element(spots, view, k, chrome, np.concatenate([hard, soft]))
    numbers, _ = covered([callouts.boxed(called)], view, k)
    taken = np.concatenate([hard, numbers, chrome])
    names = labels.labels(view, "wall", language=language, taken=taken, crowd=soft, most=LABELS_MOST, k=k)
    return Named(called, names, fresh=True)
