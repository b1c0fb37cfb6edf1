"""Public order: a hexagon an incident, paler the longer it is over; small ones are units and posts on duty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import Event, Position, Thing
from geodata.rules.masking import masked
from geodata.view import View
from layers import _incidents, _names, _order_words, _rows, elements, palette, states
from layers._rows import text
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, NEAR, NAMED = 9.5, 12.5, 14.5
"""Under ``FAR`` only what needs acting on; posts from ``NEAR`` on, names from ``NAMED``."""

MANY = 3000
"""Incidents beyond which those that are over are drawn from ``NEAR`` on only."""

UNIT_SCALE, NAMED_SCALE, OVER_SCALE, ASIDE = 0.6, 0.85, 0.7, 0.8
LEVEL_SILENT = 2
OFF_DUTY_S = 12 * 3600.0
"""A unit not heard of for so long has gone off duty without a word: longer than any shift."""

OPEN_FOR = timedelta(days=30)
"""An incident that goes on stays on the map so long after it began, however narrow the window; longer ago a desk has
forgotten to close it."""

COLUMNS = ("what", "open", "state", "level", "alpha", "age_s", "mark", "name", "title", "thing_id", "end_time")
MORE = ("severity", "place_level", "sog_kn", "category")


class PublicOrder(Layer):
    """``load``: a row an incident of the window, a unit or a post (column ``what``), index id. No free text in it."""

    service = "public_order"
    z_order = 54
    noun = ("vụ đang xử lý", "incidents open")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        events = reader.latest(self.service, Event, replace(view, start=min(view.start, view.end - OPEN_FOR)))
        return self.classify(
            events, *(reader.latest(self.service, kind, view) for kind in (Thing, Position)), view=view
        )

    def classify(
        self, events: gpd.GeoDataFrame, things: gpd.GeoDataFrame, positions: gpd.GeoDataFrame, *, view: View
    ) -> gpd.GeoDataFrame:
        """The rows of all kinds with ``COLUMNS``. Pure."""
        happened = _incidents.classify(events, view, "hexagon")
        happened = happened[_incidents.of_window(happened, view)].assign(what="incident", name=None, description=None)
        happened["title"] = pd.Series([headline(row) for _, row in happened.iterrows()], happened.index, dtype=object)
        parts = [happened, units(positions, view), posts(things[~things.index.isin(positions.index)])]
        whole = _rows.stack(parts, (*COLUMNS, *MORE))
        whole["properties"] = [kept(row) for _, row in whole.iterrows()]
        return gpd.GeoDataFrame(states.ordered(whole))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        if frame.empty:
            return elements.of(frame)
        frame = _incidents.one_a_place(frame)
        level, what = _rows.level_of(frame), frame["what"]
        if _rows.eye_zoom(view) < FAR:
            frame = frame[level >= 2]
        elif _rows.eye_zoom(view) < NEAR:
            crowded = len(frame) > MANY
            frame = frame[(level >= 2) | (what == "unit") | ((what == "incident") & (not crowded))]
        marks = _rows.on_map(frame)
        event, level = marks["what"] == "incident", _rows.level_of(marks)
        marks = _incidents.beside(marks, _rows.desk_px_m(view), event & marks["thing_id"].isin(frame.index))
        over = event & (level == 0) & (marks["state"] != "unknown")
        unit = UNIT_SCALE if _rows.eye_zoom(view) < NAMED else NAMED_SCALE
        size = np.where(event, np.where(over, OVER_SCALE, 1.0), np.where(level >= 2, NAMED_SCALE, unit))
        marks["scale"] = size * (1.0 if _rows.eye_zoom(view) >= NEAR else ASIDE)
        marks["tint"] = np.where(marks["what"] == "post", palette.TEXT3, palette.TINT["people"])
        marks["name"] = marks["name"].where(~event, marks["title"].where(~over, None))
        marks["name"] = _names.fitting(marks, view) if _rows.eye_zoom(view) >= NAMED else None
        return elements.of(marks)

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        if frame.empty:
            return [LegendItem(mark="hexagon", title_vi="vụ việc đã xong", title_en="incidents over", count=0)]
        what, state, lost = frame["what"], frame["state"], frame["state"] == "unknown"
        on_duty = what.isin(["unit", "post"])
        rows = [
            ("đơn vị, chốt trực", "units and posts on duty", "fresh", 0, on_duty & (state == "fresh")),
            ("đơn vị, tin trễ", "units, news late", "late", 0, on_duty & (state == "late")),
            ("đơn vị mất liên lạc", "units silent", "silent", LEVEL_SILENT, on_duty & (state == "silent")),
        ]
        items = [
            LegendItem(mark="hexagon", title_vi=v, title_en=e, state=s, level=a, count=int(mask.sum()))
            for v, e, s, a, mask in rows
            if mask.any()
        ]
        happened = frame[(what == "incident") & ~lost]
        titles = ("vụ việc", "incidents"), ("vụ việc đã xong", "incidents over")
        items += _incidents.legend(happened, "hexagon", *titles)
        if lost.any():
            vi, en = _incidents.UNKNOWN
            items.append(LegendItem(mark="hexagon", title_vi=vi, title_en=en, state="unknown", count=int(lost.sum())))
        return sorted(items, key=lambda item: (item.state == "unknown", item.level))

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Incidents that go on."""
        if frame.empty:
            return 0
        known = (frame["what"] == "incident") & (frame["state"] != "unknown")
        return int((known & (frame["open"] == True)).sum())  # noqa: E712 (missing for units)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        return _order_words.facts(row, language)


def headline(row: pd.Series[Any]) -> str:
    """What the page calls an incident: its kind and its ward, never the source's own words."""
    ward = text(_rows.more(row).get("ward"))
    kind = _rows.title("public_order", row["category"], "vi")
    return f"{kind}, {masked(ward)}" if ward else kind


def kept(row: pd.Series[Any]) -> dict[str, Any]:
    """Of the properties those that say where and what kind, never who."""
    return {name: value for name, value in _rows.more(row).items() if name in {"ward", "zones", "labels", "role"}}


def units(positions: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """Who is on duty and tells where: silent ones stand out, for somebody is out there."""
    if positions.empty:
        return positions
    out = gpd.GeoDataFrame(states.classify(positions, view.end), crs=positions.crs)
    deleted = np.array([_rows.more(row).get("deleted") is True for _, row in out.iterrows()], bool)
    out = out[~deleted & (out["age_s"] <= OFF_DUTY_S).to_numpy()].copy()
    fixed = out["category"] == "post"
    out["what"], out["mark"] = np.where(fixed, "post", "unit"), "hexagon"
    out["level"] = np.where(out["state"] == "silent", LEVEL_SILENT, 0)
    names = [_order_words.safe_name(name, fixed=post) for name, post in zip(out["name"], fixed, strict=True)]
    out["name"] = pd.Series(names, out.index, dtype=object)
    return out


def posts(things: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fixed places that send no position of their own: known, or their feed is down."""
    if things.empty:
        return things
    deleted = np.array([_rows.more(row).get("deleted") is True for _, row in things.iterrows()], bool)
    out = things[things.geometry.notna() & ~deleted].copy()
    out["what"], out["mark"], out["level"], out["alpha"] = "post", "hexagon", 0, 1.0
    out["state"] = np.where(out["feed"] == "down", "unknown", "fresh")
    out["age_s"] = np.nan
    return out
