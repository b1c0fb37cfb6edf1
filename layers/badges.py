"""Where number badges stand beside their places: left, right, above or below, clear of each other and of all feet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geodata.view import View, mercator_xy
from layers.labels import Boxes, touched
from layers.lettering import width
from layers.numbers import WALL_NUMBERS
from layers.palette import WALL_FACTOR

if TYPE_CHECKING:
    from layers.base import Among

WALL_FROM_PX = 2000  # a picture wider than any desk's window is the wall's: its marks are drawn larger
HEIGHT_PX = 26
FOOT_PX = 5
REACH_PX = 16  # between the foot and the nearer edge of the badge
FAR_PX = (REACH_PX, 30, 48)  # the same where other layers leave no nearer place


def width_px(text: str, unit: str, *, arrow: bool) -> float:
    """Of a badge on the desk, as ``layers.marks`` draws it."""
    return width(text, 14, 700) + (width(unit, 12) + 4 if unit else 0) + (14 if arrow else 0) + 18


def offsets(
    places: Sequence[shapely.Geometry], widths: Sequence[float], view: View, among: Among | None = None
) -> pd.DataFrame:
    """Columns ``dx, dy`` in desk px, in the order given: the first is served first. Places are EPSG:4326; the badge
    of an area stands at an inner point.

    With ``among`` (``view`` in px of the desk) also clear of numbers and abnormal marks of other layers, farther away
    if need be. Where no side is free the badge stands over what is there: a number is never dropped.
    """
    k = WALL_FACTOR if among is None and view.width_px > WALL_FROM_PX else 1.0
    large = WALL_NUMBERS["badge"] if among is not None and among.wall else 1.0
    lon_lat = shapely.get_coordinates(shapely.point_on_surface(np.asarray(places, object)))
    x0, _, _, y1 = view.bounds.mercator
    xs, ys = mercator_xy(lon_lat[:, 0], lon_lat[:, 1])
    scale = view.resolution_m * k * large
    feet = [((x - x0) / scale, (y1 - y) / scale) for x, y in zip(xs, ys, strict=True)]
    boxes = Boxes([(x - FOOT_PX, y - FOOT_PX, x + FOOT_PX, y + FOOT_PX) for x, y in feet])
    others = among.hard / large if among is not None else np.empty((0, 4))
    found = []
    for (x, y), wide in zip(feet, widths, strict=True):
        half, sides = (wide / 2, HEIGHT_PX / 2), _sides(wide, far=among is not None)
        rooms = [(x + dx - half[0], y + dy - half[1], x + dx + half[0], y + dy + half[1]) for dx, dy in sides]
        apart = [i for i, room in enumerate(rooms) if boxes.free(room, gap=2)]
        best = next((i for i in apart if not touched(others, rooms[i], 1.0)), apart[0] if apart else 0)
        boxes.take(rooms[best])
        found.append(sides[best])
    return pd.DataFrame(found, columns=["dx", "dy"], dtype=float)


def _sides(wide: float, *, far: bool) -> list[tuple[float, float]]:
    """Where a badge may stand, the best first."""
    out = []
    for reach in FAR_PX if far else (REACH_PX,):
        aside, above = wide / 2 + reach, HEIGHT_PX / 2 + reach
        out += [(-aside, 0.0), (aside, 0.0), (0.0, -above), (0.0, above)]
        if far:
            out += [(across * aside, up * above) for up in (-1.0, 1.0) for across in (-1.0, 1.0)]
    return out
