"""Wards shaded by class: the same fixed classes on the map, in the legend and in words; what is not known is hatched.

Fill says the class, opacity how old, a hatch that there is no number, a pink dashed edge that the feed is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import geography
from geodata.view import View, mercator_xy
from layers import _houses, elements, palette, states, words
from layers.base import LegendItem

ALPHA = {"fresh": 0.55, "late": 0.42, "silent": 0.28}
"""Opacity of a class by the state of its number; the swatch of the legend has the first."""

EDGE_PX, LEVEL_EDGE_PX = 0.8, 1.2
HATCH_GAP_PX, HATCH_PX = 9.0, 1.0
ABOVE_NAME_PX = 20.0
EDGE = palette.translucent(palette.BG[0], 0.65)
NO_CLASS = -1
MONTH_DAYS, YEAR_DAYS = (27, 32), (364, 367)


@dataclass(frozen=True, slots=True)
class Scale:
    """Classes of a number: ``bounds`` are the lower bounds of the second and later ones, ``ramp`` names the colours."""

    bounds: tuple[float, ...]
    ramp: str
    unit: str
    unit_en: str
    decimals: int = 0

    def color(self, number: int) -> str:
        """The class's colour; without a class that of text of less weight."""
        return palette.RAMPS[self.ramp][number] if number >= 0 else palette.TEXT3

    def said(self, number: int, language: str) -> str:
        """The bounds in words: dưới 50, 50 đến dưới 200, từ 5.000 người/km²."""
        vi = language == "vi"
        unit = self.unit if vi else self.unit_en
        told = [words.number(b, self.decimals, language) for b in self.bounds]
        after = unit if unit == "%" else f" {unit}"
        if number == 0:
            return f"{'dưới' if vi else 'under'} {told[0]}{after}"
        if number == len(told):
            return f"từ {told[-1]}{after}" if vi else f"{told[-1]}{after} and over"
        low, high = told[number - 1], told[number]
        return f"{low} đến dưới {high}{after}" if vi else f"{low} to under {high}{after}"


def classify(frame: gpd.GeoDataFrame, end: datetime) -> gpd.GeoDataFrame:
    """``age_s``, ``state``, ``alpha`` of numbers of a period: its end is their time. Before it ends they are fresh."""
    if frame.empty:
        return gpd.GeoDataFrame(states.classify(frame, end))
    until = pd.to_datetime(frame["phenomenon_end"], utc=True)
    out = states.classify(frame.assign(time=until.where(until.notna(), frame["time"])), end)
    return gpd.GeoDataFrame(out.assign(time=frame["time"]), crs=frame.crs)


def draw(frame: gpd.GeoDataFrame, scale: Scale, *, edges: bool = False) -> list[hv.Element]:
    """Areas, one element a class and state, from below: hatched ones, classes, those whose feed is down.

    With ``edges`` those that must be acted on have an edge in the colour of their level.
    """
    drawn = frame[frame["area"].astype(bool)] if len(frame) else frame
    number = drawn["class_"].astype(int) if len(drawn) else pd.Series(dtype=int)
    parts: list[hv.Element] = []
    lost = drawn[drawn["state"] == "unknown"] if len(drawn) else drawn
    none = drawn[(number == NO_CLASS) & (drawn["state"] != "unknown")] if len(drawn) else drawn
    if len(none):
        hatch = (palette.TEXT3, 0.28, HATCH_GAP_PX, HATCH_PX)
        parts.append(_areas(none, palette.BG[0], fill_alpha=0.0, hatch=hatch, line_color=EDGE))
    for step in range(len(scale.bounds) + 1):
        for state, alpha in ALPHA.items():
            rows = drawn[(number == step) & (drawn["state"] == state)] if len(drawn) else drawn
            if len(rows):
                parts.append(_areas(rows, scale.color(step), fill_alpha=alpha, hatch=None, line_color=EDGE))
    if len(lost):
        style = {"fill_alpha": 0.0, "hatch": None, "line_color": palette.UNKNOWN, "line_dash": [4, 3]}
        parts.append(_areas(lost, palette.UNKNOWN, line_width=1.5, **style))
    for level in sorted({int(v) for v in drawn["level"]} - {0}) if len(drawn) and edges else []:
        rows = drawn[(drawn["level"].astype(int) == level) & (drawn["state"] != "unknown")]
        style = {"fill_alpha": 0.0, "hatch": None, "line_width": LEVEL_EDGE_PX}
        parts.append(_areas(rows, palette.SEVERITY[level], line_color=palette.SEVERITY[level], **style))
    return parts


def _areas(rows: gpd.GeoDataFrame, color: str, **style: Any) -> elements.Areas:
    ids = [str(i) for i in rows.index]
    return elements.areas(rows.geometry.to_numpy(), color, ids=ids, **({"line_width": EDGE_PX} | style))


def written(frame: gpd.GeoDataFrame, text: Sequence[str], view: View) -> elements.Marks:
    """A number for each area, above the place where its name stands; empty words are left out."""
    rows = frame.assign(text=list(text))
    rows = rows[rows["area"].astype(bool) & (rows["text"] != "")] if len(rows) else rows
    x, y = above_names(rows, view)
    said = list(rows["text"]) if len(rows) else []
    data = pd.DataFrame({"x": x, "y": y, "text": said, "id": [str(i) for i in rows.index]})
    return elements.of(data.assign(mark="label", kind="place"))


def above_names(rows: gpd.GeoDataFrame, view: View, aside_px: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """x, y (EPSG:3857) above the name of each area, ``aside_px`` desk px to the right; the wall's px are larger."""
    if rows.empty:
        return np.empty(0), np.empty(0)
    inner = shapely.point_on_surface(rows.geometry.to_numpy())
    points = [i if p is None or pd.isna(p) else p for p, i in zip(rows["point"], inner, strict=True)]
    x, y = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    px = _houses.px_m(view)
    return np.asarray(x + aside_px * px), np.asarray(y + ABOVE_NAME_PX * px)


def legend(frame: gpd.GeoDataFrame, scale: Scale) -> list[LegendItem]:
    """The classes from below with their counts, then what has no number, is old or has lost its feed. A row with a
    level is counted by its own layer.
    """
    drawn = frame[frame["area"].astype(bool)] if len(frame) else frame
    state = drawn["state"] if len(drawn) else pd.Series(dtype=object)
    number = drawn["class_"].astype(int) if len(drawn) else pd.Series(dtype=int)
    calm = drawn["level"].astype(int) == 0 if len(drawn) else state == ""
    old = (state == "silent") & calm
    known = (state != "unknown") & calm & ~(old & (number != NO_CLASS))
    items = [
        LegendItem(
            mark="shade",
            title_vi=scale.said(step, "vi"),
            title_en=scale.said(step, "en"),
            tint=scale.color(step),
            count=int(((number == step) & known).sum()),
        )
        for step in range(len(scale.bounds) + 1)
    ]
    hidden = drawn["hidden"].astype(bool) if len(drawn) and "hidden" in drawn else pd.Series(False, index=drawn.index)
    rows = (
        ("hatch", "chưa có số liệu", "no figures yet", "fresh", (number == NO_CLASS) & known & ~hidden),
        ("hatch", "dưới ngưỡng công bố", "too few to publish", "fresh", hidden & known),
        ("shade", "số liệu cũ", "old figures", "silent", old & (number != NO_CLASS)),
        ("shade", "chưa rõ, mất nguồn", "unknown, feed down", "unknown", state == "unknown"),
    )
    for mark, vi, en, look, which in rows:
        if n := int(which.sum()):
            items.append(LegendItem(mark=mark, title_vi=vi, title_en=en, state=look, tint=palette.TEXT3, count=n))
    return items


def period(row: pd.Series[Any], language: str) -> str:
    """The period of a number in words: tháng 10/2026, năm 2025, or its days; local dates."""
    start, end = row.get("time"), row.get("phenomenon_end")
    if start is None or pd.isna(start):
        return words.NOTHING
    if end is None or pd.isna(end):
        return words.moment(start, day_only=True)
    first, after = (pd.Timestamp(t).tz_convert("Asia/Ho_Chi_Minh") for t in (start, end))
    span, vi = (after - first).total_seconds() / words.DAY, language == "vi"
    if first.day == 1 and MONTH_DAYS[0] < span < MONTH_DAYS[1]:
        return f"{'tháng ' if vi else ''}{first.month}/{first.year}"
    if (first.month, first.day) == (1, 1) and YEAR_DAYS[0] < span < YEAR_DAYS[1]:
        return f"{'năm ' if vi else ''}{first.year}"
    last = after - timedelta(seconds=1)
    return f"{words.moment(first, day_only=True)} – {words.moment(last, day_only=True)}"


def wide_rows(latest: gpd.GeoDataFrame, main: Sequence[str]) -> gpd.GeoDataFrame:
    """One row a thing from one row a thing and property: that of the first of ``main`` it has, and ``values``.

    ``values`` maps each property to result, numerator, denominator, time and phenomenon_end of its newest row.
    """
    if latest.empty:
        return latest.assign(values=pd.Series(dtype=object)).set_index("id", drop=False)
    newest = latest.sort_values("time").drop_duplicates(["id", "observed_property"], keep="last")
    told = ["result", "numerator", "denominator", "time", "phenomenon_end", "unit"]
    values: dict[str, dict[str, dict[str, Any]]] = {}
    for row in newest[["id", "observed_property", *told]].to_dict("records"):
        values.setdefault(row["id"], {})[row["observed_property"]] = {str(k): row[k] for k in told}
    rank = newest["observed_property"].map({name: i for i, name in enumerate(main)}).fillna(len(main))
    ordered = newest.assign(rank=rank).sort_values(["rank", "time"], ascending=[True, False])
    out = ordered.drop_duplicates("id").drop(columns="rank").set_index("id", drop=False)
    out.index.name = None
    out["values"] = [values[key] for key in out.index]
    return gpd.GeoDataFrame(out, crs=latest.crs)


def number(row: pd.Series[Any], name: str, field: str = "result") -> float:
    """A number of ``values``; NaN where there is none."""
    values = row.get("values")
    found = values.get(name, {}).get(field) if isinstance(values, dict) else None
    return np.nan if found is None or pd.isna(found) else float(found)


def boundary_words(row: pd.Series[Any], language: str) -> str:
    """Whether the area drawn is the source's own or a cell around the ward's point."""
    vi = language == "vi"
    if not row["area"]:
        return "không có địa bàn" if vi else "no area"
    if row["approximate"]:
        return geography.APPROXIMATE["vi" if vi else "en"]
    return "theo nguồn" if vi else "by the source"
