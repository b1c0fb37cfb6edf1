"""Areas, lines and pictures that layers draw, as the columns of Bokeh's sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from layers.elements import Areas


def area_columns(element: Areas) -> dict[str, list[Any]]:
    """xs, ys of Bokeh's MultiPolygons: area, part, ring (outer first), with the area's ``id`` when it has one."""
    xs, ys, ids = [], [], []
    for polygon in pieces(element):
        holes = polygon.get("holes") or []
        inner = holes[0] if holes else []
        rings = [np.column_stack((polygon["x"], polygon["y"])), *inner]
        xs.append([[np.asarray(ring)[:, 0] for ring in rings]])
        ys.append([[np.asarray(ring)[:, 1] for ring in rings]])
        ids.append(str(polygon.get("id")))
    return {"xs": xs, "ys": ys} | ({"id": ids} if "id" in element.vdims else {})


def image_columns(element: hv.RGB) -> dict[str, list[Any]]:
    """image, x, y, dw, dh of Bokeh's ImageRGBA: rows from the south, colours packed as it wants them."""
    x0, y0, x1, y1 = element.bounds.lbrt()
    packed = np.ascontiguousarray(image_rgba(element)[::-1]).view(np.uint32)[..., 0]
    return {"image": [packed], "x": [x0], "y": [y0], "dw": [x1 - x0], "dh": [y1 - y0]}


def image_rgba(element: hv.RGB) -> NDArray[np.uint8]:
    """(height, width, 4) from the north. An ``hv.RGB`` may hold shares or bytes, with opacity or without."""
    bands = [np.asarray(element.dimension_values(i, flat=False))[::-1] for i in range(2, len(element.dimensions()))]
    rows = np.dstack(bands)
    if rows.dtype.kind == "f":
        rows = np.rint(rows * 255)
    rows = rows.astype(np.uint8)
    return rows if rows.shape[2] == 4 else np.dstack([rows, np.full(rows.shape[:2], 255, np.uint8)])


def path_columns(element: hv.Path) -> dict[str, list[Any]]:
    """xs, ys of Bokeh's MultiLine, with the path's ``id`` when it has one."""
    lines, (x, y) = pieces(element), (d.name for d in element.kdims)
    out: dict[str, list[Any]] = {"xs": [np.asarray(p[x]) for p in lines], "ys": [np.asarray(p[y]) for p in lines]}
    if "id" in element.vdims:
        out["id"] = [str(np.ravel(p["id"])[0]) for p in lines]
    return out


def pieces(element: hv.Path) -> list[Mapping[str, Any]]:
    """The lines or areas of an element, each as columns. HoloViews' own ``split`` takes 10 s for 2,000 of them."""
    held = element.data if isinstance(element.data, list) else None
    names = [d.name for d in element.kdims]
    if held is not None and all(isinstance(p, Mapping) and all(name in p for name in names) for p in held):
        return [p for p in held if np.size(p[names[0]])]
    return list(element.split(datatype="dictionary")) if len(element) else []
