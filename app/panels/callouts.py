"""Numbers and letters on the wall's map, the same as beside it: near their mark, clear of each other and the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.panels.callout_places import NOTHING, Ground, place
from geodata.view import View, mercator
from layers.elements import Marks

if TYPE_CHECKING:
    from app.panels.wall_have import Spot

PLACE_PX = 8
"""Around a place that a number points at: it must stay to be seen."""

COLUMNS = ("mark", "state", "level", "text", "dx", "dy")


def inside(place_lonlat: tuple[float, float], view: View) -> tuple[float, float, bool]:
    """(x, y, whether it is in view) in EPSG:3857; what lies outside is drawn at the edge towards it."""
    x0, y0, x1, y1 = view.bounds.mercator
    x, y = mercator(*place_lonlat)
    margin = (x1 - x0) * 0.015
    cx, cy = min(max(x, x0 + margin), x1 - margin), min(max(y, y0 + margin), y1 - margin)
    return cx, cy, (cx, cy) == (x, y)


def element(
    spots: Sequence[Spot],
    view: View,
    k: float,
    blocked: NDArray[np.float64] = NOTHING,
    covered: NDArray[np.float64] = NOTHING,
    numbers: NDArray[np.float64] = NOTHING,
) -> Marks:
    """The call-outs of numbers and letters; what has no place has none. Boxes as of ``Ground``."""
    x0, y0, x1, y1 = view.bounds.mercator
    scale_x, scale_y = view.width_px / (x1 - x0), view.height_px / (y1 - y0)
    found = [(spot, *inside(spot.place, view)) for spot in spots if spot.place is not None]
    screen = [((x - x0) * scale_x, (y1 - y) * scale_y) for _, x, y, _ in found]
    offsets = place(screen, Ground(view.width_px, view.height_px, k, blocked, covered, numbers))
    rows: dict[str, list[Any]] = {name: [] for name in ("x", "y", *COLUMNS)}
    for (spot, x, y, _), (dx, dy) in zip(found, offsets, strict=True):
        values = (x, y, spot.mark, spot.state, spot.level, spot.text, dx, dy)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
    return Marks(rows, ["x", "y"], list(COLUMNS))


def places(spots: Sequence[Spot], view: View, k: float) -> NDArray[np.float64]:
    """Boxes (n, 4) in screen px around the places that are in view."""
    x0, _, _, y1 = view.bounds.mercator
    seen = [(x, y) for spot in spots if spot.place is not None for x, y, ok in [inside(spot.place, view)] if ok]
    at = np.asarray([((x - x0) / view.resolution_m, (y1 - y) / view.resolution_m) for x, y in seen]).reshape(-1, 2)
    return np.column_stack([at - PLACE_PX * k, at + PLACE_PX * k])


def boxed(called: Marks) -> Marks:
    """The same, letters as wide as numbers: what ``footprints.covered`` measures."""
    rows = {name: called.dimension_values(name) for name in ("x", "y", *COLUMNS)}
    return Marks({**rows, "mark": np.full(len(called), "callout", object)}, ["x", "y"], list(COLUMNS))
