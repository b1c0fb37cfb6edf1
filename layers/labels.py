"""Names on the map, as marks above all layers: placed by priority in screen boxes, so that none touches another.

A label that does not fit is dropped, never shrunk. Sizes and zooms: look.md 2.7 and 3.7. Hoàng Sa and Trường Sa
are named at every zoom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geodata import geography
from geodata.view import View
from layers.drawing import LABELS
from layers.elements import Marks, mercator_xy, of
from layers.lettering import width
from layers.palette import WALL_FACTOR

GAP_PX = 6  # between two labels, and between a label and a mark
RIVER_GAP_PX = 420  # between two labels with the same words
ORDER = ("city", "island", "province", "sea", "lagoon", "ward", "place", "river")
WALL_MOST = 12  # map labels of a wall scene (look.md 3.3)
WALL_KINDS = {"ward"}  # too small a thing to be read from six metres, unless nothing else is there
MARGIN_PX = 8  # a label keeps whole inside the frame


@dataclass(slots=True)
class Boxes:
    """Screen boxes already taken: x0, y0, x1, y1 in px."""

    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def free(self, box: tuple[float, float, float, float], gap: float = GAP_PX) -> bool:
        x0, y0, x1, y1 = box[0] - gap, box[1] - gap, box[2] + gap, box[3] + gap
        return all(x1 <= a or x0 >= c or y1 <= b or y0 >= d for a, b, c, d in self.taken)

    def take(self, box: tuple[float, float, float, float]) -> None:
        self.taken.append(box)


@cache
def _places(language: str) -> pd.DataFrame:
    """All label points in the order of priority: text, kind, x, y (EPSG:3857 m), min_zoom, max_zoom."""
    frame = geography.collection("places")
    points = shapely.get_coordinates(frame.geometry.to_numpy())
    x, y = mercator_xy(points[:, 0], points[:, 1])
    english = frame["name_en"].where(frame["name_en"].notna(), frame["name_vi"])
    table = pd.DataFrame(
        {
            "text": (english if language == "en" else frame["name_vi"]).to_numpy(),
            "kind": frame["kind"].to_numpy(),
            "rank": frame["rank"].to_numpy(),
            "min_zoom": frame["min_zoom"].to_numpy(float),
            "max_zoom": frame["max_zoom"].to_numpy(float),
            "province": frame["province_code"].to_numpy(),
            "x": x,
            "y": y,
        }
    )
    archipelago = (table["kind"] == "island") & (table["min_zoom"] == 0)
    table["priority"] = table["kind"].map({kind: i for i, kind in enumerate(ORDER)}).astype(float)
    table.loc[archipelago, "priority"] = -1
    return table.sort_values(["priority", "rank"], kind="stable", ignore_index=True)


def labels(
    view: View,
    style: str = "desk",
    *,
    language: str = "vi",
    avoid: Sequence[tuple[float, float]] | np.ndarray = (),
    most: int | None = None,
) -> Marks:
    """The names that fit the view, as ``label`` marks in EPSG:3857.

    ``avoid`` are places of marks (x, y in EPSG:3857) that no label may cover, cities excepted. ``style`` "wall"
    takes at most 12. Zoom limits count screen px: a wall of factor 2.2 names what a desk map of its ground size would.
    """
    k = WALL_FACTOR if style == "wall" else 1.0
    x0, y0, x1, y1 = view.bounds.mercator
    resolution = view.resolution_m
    zoom = view.zoom - (1.1 if style == "wall" else 0)
    table = _places(language)
    inside = table["x"].between(x0, x1) & table["y"].between(y0, y1)
    shown = (table["min_zoom"] <= zoom + 0.5) & (table["max_zoom"] + 1 > zoom)
    boxes = Boxes()
    marks = [((x - x0) / resolution, (y1 - y) / resolution) for x, y in np.asarray(avoid, float).reshape(-1, 2)]
    obstacles = Boxes([(x - 10 * k, y - 10 * k, x + 10 * k, y + 10 * k) for x, y in marks])
    rows: list[dict[str, Any]] = []
    limit = most if most is not None else (WALL_MOST if style == "wall" else 400)
    for row in table[inside & shown].itertuples(index=False):
        if len(rows) >= limit:
            break
        place = ((row.x - x0) / resolution, (y1 - row.y) / resolution)
        box, dy = _box(str(row.text), str(row.kind), place, k)
        if not _fits(box, view) or not boxes.free(box, GAP_PX * k):
            continue
        if row.kind not in {"city", "sea"} and not obstacles.free(box, 0):
            continue
        if _repeats(rows, str(row.text), place, k):
            continue
        boxes.take(box)
        rows.append(_row(row, dy, place))
    return of(pd.DataFrame(rows, columns=["x", "y", "mark", "text", "kind", "dx", "dy", "px", "py"]))


def _row(row: Any, dy: float, place: tuple[float, float]) -> dict[str, Any]:
    text = str(row.text).upper() if row.kind in {"sea", "province"} else str(row.text)
    text = text if row.kind != "city" or row.rank > 0 else text.upper()
    return {
        "x": row.x,
        "y": row.y,
        "mark": "label",
        "text": text,
        "kind": row.kind,
        "dx": 0.0,
        "dy": dy,
        "px": place[0],
        "py": place[1],
    }


def _box(text: str, kind: str, place: tuple[float, float], k: float) -> tuple[tuple[float, float, float, float], float]:
    """Screen box of a label, px, and how far below its place it stands (before k)."""
    size, weight, _, tracking, _ = LABELS.get(kind, LABELS["place"])
    shown = text.upper() if kind in {"sea", "province", "city"} else text
    w, h = width(shown, size, weight, tracking) * k, size * 1.2 * k
    dy = 13.0 if kind == "island" else 0.0  # below its dot
    x, y = place[0], place[1] + dy * k
    return (x - w / 2, y - h / 2, x + w / 2, y + h / 2), dy


def _fits(box: tuple[float, float, float, float], view: View) -> bool:
    return (
        box[0] >= MARGIN_PX
        and box[1] >= MARGIN_PX
        and box[2] <= view.width_px - MARGIN_PX
        and box[3] <= view.height_px - MARGIN_PX
    )


def _repeats(rows: Sequence[dict[str, Any]], text: str, place: tuple[float, float], k: float) -> bool:
    """The same words stand too near already (a river, a sea have several label points)."""
    return any(
        str(r["text"]).casefold() == text.casefold()
        and np.hypot(r["px"] - place[0], r["py"] - place[1]) < RIVER_GAP_PX * k
        for r in rows
    )
