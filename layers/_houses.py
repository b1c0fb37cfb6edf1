"""Offices as houses that keep apart: from afar and where two would touch the lesser one is a dot, words only with room.

And the age of what offices write on working days, and the share of a whole as words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.calendar import WorkCalendar
from geodata.rules import office_days
from geodata.view import View, mercator_xy
from layers import badges, palette, states, words
from layers.labels import Box, Boxes
from layers.lettering import width

FAR, NEAR = 10.0, 12.5
"""Under ``FAR`` only what stands out is a house; from ``NEAR`` on houses have their full size and their words."""

SCALE_MIDDLE, SCALE_DOT = 0.7, 0.6
HALF_PX, TEXT_AT_PX = 9.0, 11.0  # of the mark ``house``
STEP_PX = 9.5
"""Two services have houses at the same offices: one stands that much above the place, the other below."""

DAILY_S = (86400.0, 7 * 86400.0)
"""Cadences of tables that are written on working days: from the first up to, not including, the second."""

COLUMNS = ("mark", "state", "level", "alpha", "due", "text", "scale", "tint")


@cache
def calendar() -> WorkCalendar:
    """Working days of the country; a layer does not know its city."""
    return WorkCalendar()


def classify(frame: gpd.GeoDataFrame, end: datetime) -> gpd.GeoDataFrame:
    """``states.classify``, with days off not counted for daily tables. A day's number does not fade inside its day."""
    cadence = frame["cadence_s"].astype(float)
    daily = (cadence >= DAILY_S[0]) & (cadence < DAILY_S[1]) & frame["time"].notna()
    aged = {t: end - office_days.age(t.to_pydatetime(), end, calendar()) for t in frame.loc[daily, "time"].unique()}
    times = frame["time"].where(~daily, frame["time"].map(aged))
    out = states.classify(frame.assign(time=pd.to_datetime(times, utc=True)), end)
    out["time"] = frame["time"]
    out["age_s"] = states.age_s(frame["time"], end)
    out["alpha"] = np.where(out["state"] == "late", palette.STATE_ALPHA["late"], 1.0)
    return gpd.GeoDataFrame(out, crs=frame.crs)


def px_m(view: View) -> float:
    """A px of the marks in EPSG:3857 m: on the wall they are drawn larger."""
    return view.resolution_m * (palette.WALL_FACTOR if view.width_px > badges.WALL_FROM_PX else 1.0)


def apart(
    frame: gpd.GeoDataFrame, view: View, weight: Sequence[float], *, step: int, taken: Sequence[Box] = ()
) -> pd.DataFrame:
    """The houses to draw, with ``mark``, ``scale`` and ``text``: heavier ones are served first, those with a level
    before them. A house with a level is never made a dot; no words stand in ``taken`` (px, x / px_m and -y / px_m).
    ``step`` is 1 for houses above their places, -1 below. Columns x, y in EPSG:3857, ready for ``elements.of``.
    """
    placed = frame[~(frame.geometry.isna() | frame.geometry.is_empty)] if len(frame) else frame
    if placed.empty:
        return pd.DataFrame({"x": [], "y": [], "mark": [], "id": []})
    heavy = pd.Series(list(weight), index=frame.index).loc[placed.index].fillna(0.0).to_numpy()
    points = shapely.get_coordinates(shapely.point_on_surface(placed.geometry.to_numpy()))
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    px, near, level = px_m(view), view.zoom >= NEAR, placed["level"].astype(int).to_numpy()
    boxes, others = Boxes(), Boxes(list(taken))
    size = 1.0 if near else SCALE_MIDDLE
    ys = ys + step * STEP_PX * size * px
    looks: list[tuple[str, float, str]] = [("dot", SCALE_DOT, "")] * len(placed)
    texts = placed["text"].fillna("").astype(str).to_numpy()
    for i in np.lexsort((-heavy, -level)):
        x, y, half = xs[i] / px, -ys[i] / px, HALF_PX * size
        room = (x - half, y - half, x + half, y + half)
        if level[i] < 1 and (view.zoom < FAR or not boxes.free(room, gap=1)):
            continue
        boxes.take(room)
        side = (x + half, y - 8, x + TEXT_AT_PX + width(texts[i], 12, 700) + 3, y + 8)
        told = texts[i] if near and texts[i] and boxes.free(side, gap=0) and others.free(side, gap=0) else ""
        if told:
            boxes.take(side)
        looks[i] = ("house", size, told)
    plain = pd.DataFrame(placed[["state", "level", "alpha", "due"]]).assign(x=xs, y=ys, id=placed.index.astype(str))
    return plain.assign(mark=[m for m, _, _ in looks], scale=[s for _, s, _ in looks], text=[t for _, _, t in looks])


def of_words(top: float, of: float, language: str) -> str:
    """A part of a whole: 419/428; only the part, when the whole is not known."""
    if not np.isfinite(top):
        return words.NOTHING
    part = words.number(top, 0, language)
    return f"{part}/{words.number(of, 0, language)}" if np.isfinite(of) else part


def text_of(row: pd.Series[Any], name: str) -> str | None:
    """A cell as words; None for nothing."""
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def short_id(row: pd.Series[Any]) -> str:
    """The id without the name of its source."""
    key = str(row.name)
    return key.partition(":")[2] or key
