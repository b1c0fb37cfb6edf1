"""Networks: how long their lines are, and whether a piece is in service or only planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.folding import fold
from geodata.view import EARTH_RADIUS_M

ECCENTRICITY2 = 0.00669437999014
"""Of WGS 84, squared."""

STATUS = ("trang_thai", "tinh_trang", "status", "state")
"""What offices call the status of a piece, the usual first."""

PLANNED = ("quy hoach", "du kien", "chuan bi dau tu", "dang thi cong", "planned", "proposed", "construction")
OUT = ("ngung", "dung hoat dong", "hong", "su co", "out of service", "closed", "fault")
"""Beginnings of a status, without marks: not built yet, out of service."""


def status(properties: Any) -> str:
    """The status that the properties tell, folded; "" for none."""
    more = properties if isinstance(properties, Mapping) else {}
    told = next((more[name] for name in STATUS if str(more.get(name) or "").strip()), "")
    return fold(str(told).replace("_", " "))


def lengths_m(geometries: Iterable[shapely.Geometry]) -> NDArray[np.float64]:
    """Metres along the lines of each geometry (EPSG:4326) on the WGS 84 ellipsoid; areas and points have none.

    Each segment is measured with the radii of curvature at its own latitude: right to 1e-6 for segments under 10 km.
    """
    shapes = np.asarray(list(geometries), object)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    lines = np.isin(shapely.get_type_id(parts), (1, 2))
    xy, of_part = shapely.get_coordinates(parts[lines], return_index=True)
    out = np.zeros(len(shapes))
    if len(xy) < 2:
        return out
    x, y = np.radians(xy).T
    middle = (y[1:] + y[:-1]) / 2
    bent = 1 - ECCENTRICITY2 * np.sin(middle) ** 2
    across = np.diff(x) * np.cos(middle) * EARTH_RADIUS_M / np.sqrt(bent)
    along = np.diff(y) * EARTH_RADIUS_M * (1 - ECCENTRICITY2) / bent**1.5
    same = of_part[1:] == of_part[:-1]
    np.add.at(out, owner[lines][of_part[1:][same]], np.hypot(across, along)[same])
    return out
