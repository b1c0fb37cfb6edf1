"""Names beside marks: each where it touches no mark and no other name, the most abnormal first; the rest have none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.view import View
from layers import _rows
from layers.labels import Boxes
from layers.lettering import width

MOST = 500
"""Marks in a picture beyond which only the abnormal ones are named: names of so many are a carpet."""

MARK_PX, HEIGHT_PX, START_PX, GAP_PX = 7.0, 14.0, 12.0, 3.0


def fitting(marks: pd.DataFrame, view: View) -> pd.Series[str]:
    """The column ``name`` of marks (x, y in EPSG:3857 m, ``level``) with None where a name does not fit."""
    out: pd.Series[str] = pd.Series(None, marks.index, dtype=object)
    if marks.empty or "name" not in marks:
        return out
    px_m = _rows.desk_px_m(view)
    xs, ys = marks["x"].to_numpy(float) / px_m, -marks["y"].to_numpy(float) / px_m
    boxes = Boxes([(x - MARK_PX, y - MARK_PX, x + MARK_PX, y + MARK_PX) for x, y in zip(xs, ys, strict=True)])
    level = _rows.level_of(marks).to_numpy()
    for i in np.argsort(-level, kind="stable"):
        name = _rows.text(marks["name"].iloc[i])
        if name is None or (len(marks) > MOST and level[i] < 2):
            continue
        box = (xs[i] + START_PX, ys[i] - HEIGHT_PX / 2, xs[i] + START_PX + width(name, 12), ys[i] + HEIGHT_PX / 2)
        if boxes.free(box, GAP_PX):
            boxes.take(box)
            out.iloc[i] = name
    return out
