"""Where number badges stand beside their places: left, right, above or below, clear of each other and of all feet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely

from geodata.view import View, mercator_xy
from layers.labels import Boxes
from layers.lettering import width
from layers.palette import WALL_FACTOR

WALL_FROM_PX = 2000  # a picture wider than any desk's window is the wall's: its marks are drawn larger
HEIGHT_PX = 26
FOOT_PX = 5
REACH_PX = 16  # between the foot and the nearer edge of the badge


def width_px(text: str, unit: str, *, arrow: bool) -> float:
    """Of a badge on the desk, as ``layers.marks`` draws it."""
    return width(text, 14, 700) + (width(unit, 12) + 4 if unit else 0) + (14 if arrow else 0) + 18


def offsets(places: Sequence[shapely.Geometry], widths: Sequence[float], view: View) -> pd.DataFrame:
    """Columns ``dx, dy`` in desk px, in the order given: the first is served first. Places are EPSG:4326; the badge
    of an area stands at an inner point.

    Where no side is free the badge stands at the left, over what is there: a number is never dropped.
    """
    k = WALL_FACTOR if view.width_px > WALL_FROM_PX else 1.0
    lon_lat = shapely.get_coordinates(shapely.point_on_surface(np.asarray(places, object)))
    x0, _, _, y1 = view.bounds.mercator
    xs, ys = mercator_xy(lon_lat[:, 0], lon_lat[:, 1])
    scale = view.resolution_m * k
    feet = [((x - x0) / scale, (y1 - y) / scale) for x, y in zip(xs, ys, strict=True)]
    boxes = Boxes([(x - FOOT_PX, y - FOOT_PX, x + FOOT_PX, y + FOOT_PX) for x, y in feet])
    found = []
    for (x, y), wide in zip(feet, widths, strict=True):
        aside, above = wide / 2 + REACH_PX, HEIGHT_PX / 2 + REACH_PX
        sides = [(-aside, 0.0), (aside, 0.0), (0.0, -above), (0.0, above)]
        half = (wide / 2, HEIGHT_PX / 2)
        rooms = [(x + dx - half[0], y + dy - half[1], x + dx + half[0], y + dy + half[1]) for dx, dy in sides]
        best = next((i for i, room in enumerate(rooms) if boxes.free(room, gap=2)), 0)
        boxes.take(rooms[best])
        found.append(sides[best])
    return pd.DataFrame(found, columns=["dx", "dy"], dtype=float)
