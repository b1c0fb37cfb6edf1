"""Rows of the traffic layer: how each segment runs, what each junction shows, and vehicles that tell where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.rules import congestion
from geodata.view import View
from layers import _rows, states
from layers._rows import number, text

LEVEL_DARK = 2
"""A junction whose signals are dark: level 2 (a policeman is sent)."""

FREE_SPEED = ("free_speed_kmh", "speed_limit_kmh", "maxspeed")
"""Properties that tell the free speed of a road, km/h: measured, else the limit."""

SIGNALS: Mapping[str, tuple[str, str]] = {
    "normal": ("hoạt động", "working"),
    "flashing": ("nháy vàng", "flashing"),
    "dark": ("đèn tắt", "dark"),
    "manual": ("điều khiển bằng tay", "by hand"),
}
COLUMNS = ("what", "values", "runs", "grade", "state", "level", "alpha", "age_s", "mark")


def roads(things: gpd.GeoDataFrame, observations: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """One row a Thing with ``COLUMNS``: ``runs`` is the class of ``congestion``, None where nobody measures.

    A line is a "segment", anything else a "junction"; ``time`` is that of the newest result.
    """
    if things.empty:
        return things.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
    values = _rows.results(observations)
    measured = things.index.isin(list(values))
    out = things.assign(time=_rows.heard(things, observations))
    out = gpd.GeoDataFrame(states.classify(out, view.end), crs=things.crs)
    lines = out.geometry.geom_type.isin(["LineString", "MultiLineString"])
    out["what"] = np.where(lines, "segment", "junction")
    out["mark"] = np.where(lines, "road", "dot")
    out["values"] = [values.get(str(key), {}) for key in out.index]
    # what has never measured does not fall silent: it is a place of which the source tells nothing else
    never = np.where(lines, "planned", "fresh")
    out["state"] = np.where(~measured & (out["state"] != "unknown"), never, out["state"])
    heard = out["state"].isin(["fresh", "late"]).to_numpy()
    out["grade"] = pd.Series([_grade(row) for _, row in out.iterrows()], out.index, dtype=object)
    runs = [_class(grade, found) for grade, found in zip(out["grade"], out["values"], strict=True)]
    out["runs"] = pd.Series(runs, out.index, dtype=object).where(heard, None)
    dark = heard & np.array([found.get("signal_state") == "dark" for found in out["values"]], bool)
    levels = [congestion.LEVEL.get(str(one), 0) for one in out["runs"]]
    out["level"] = np.where(dark, np.maximum(levels, LEVEL_DARK), levels)
    out["alpha"] = np.where(out["state"] == "late", 0.75, 1.0)  # a mean of minutes is current until the next is due
    return out


def _grade(row: pd.Series[Any]) -> str | None:
    """The source's own grade, else by the speed against the free speed that the source tells."""
    told = text(row["values"].get("level_of_service"))
    if told is not None:
        return told
    own = _rows.more(row)
    free = next((found for name in FREE_SPEED if (found := number(own.get(name))) is not None), None)
    return congestion.grade(number(row["values"].get("speed")), free)


def _class(grade: str | None, values: Mapping[str, Any]) -> str | None:
    return congestion.class_of(grade, number(values.get("flow")), number(values.get("speed")))


def vehicles(positions: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """One row a vehicle that tells its place. Its name may be a number plate: it is left out."""
    if positions.empty:
        return positions
    out = gpd.GeoDataFrame(states.classify(positions, view.end), crs=positions.crs)
    out["what"], out["mark"], out["level"], out["name"] = "vehicle", "dot", 0, None
    out["properties"] = [{} for _ in out.index]
    return gpd.GeoDataFrame(out[out["state"] != "silent"])  # one that has parked is no news
