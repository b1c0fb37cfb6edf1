"""Buses: a ring each with its heading, late ones and silent ones stand out; what passengers are told beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import Event, Observation, Position, Thing
from geodata.rules import punctuality
from geodata.rules.masking import masked
from geodata.view import View
from layers import _bus_words, _incidents, _names, _rows, elements, palette, states
from layers._rows import number, text
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, NEAR, NAMED, STOPS = 9.5, 12.5, 13.5, 15.0
"""Under ``FAR`` only what needs acting on; dots under ``NEAR``; line numbers from ``NAMED``, stops from ``STOPS``."""

DOT_SCALE, ASIDE, STOP_SCALE = 0.7, 0.8, 0.6
MOVING_KN = 0.8
EAST_DEG, EN_SPACE = (45, 135), "\u2002"
"""A bus bound east has its tick where its number begins: the number stands a space further."""

LEVEL_SILENT = 2
GONE_HOME_S = 2 * 3600.0
"""A bus not heard of for so long, of which the source does not say that it is in service, has gone home."""

DELAY_HOLDS_S = 1800.0
"""A delay told longer ago than this says nothing of now."""

PLATE = "license_plate"
COLUMNS = (
    *("what", "values", "delay_s", "state", "level", "alpha", "age_s", "mark", "az", "name", "title", "description"),
    *("open", "end_time", "severity", "place_level", "sog_kn"),
)


class Buses(Layer):
    """``load``: one row a bus in service (``what`` "bus"), a stop, or a notice in force, index id; no plate in it."""

    service = "buses"
    z_order = 58
    noun = ("xe đang chạy", "buses running")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        found = (reader.latest(self.service, kind, view) for kind in (Position, Observation, Thing, Event))
        return self.classify(*found, view=view)

    def classify(
        self,
        positions: gpd.GeoDataFrame,
        observations: gpd.GeoDataFrame,
        things: gpd.GeoDataFrame,
        events: gpd.GeoDataFrame,
        *,
        view: View,
    ) -> gpd.GeoDataFrame:
        """The rows of all kinds with ``COLUMNS``. Pure."""
        stops = things[(things["category"] == "stop") & things.geometry.notna()]
        stops = stops[~stops.index.isin(positions.index)].assign(what="stop", mark="dot", level=0, alpha=1.0)
        stops["state"] = np.where(stops["feed"] == "down", "unknown", "fresh")
        parts = [buses_of(positions, observations, view), stops, notices(events, view)]
        whole = _rows.stack(parts, COLUMNS)
        whole["properties"] = [{k: v for k, v in _rows.more(row).items() if k != PLATE} for _, row in whole.iterrows()]
        whole["name"] = pd.Series([masked(n) if (n := text(v)) else None for v in whole["name"]], whole.index, object)
        return gpd.GeoDataFrame(states.ordered(whole))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        if frame.empty:
            return elements.of(frame)
        level, stop = _rows.level_of(frame), frame["what"] == "stop"
        shown = frame[(frame["what"] == "bus") | (stop & (_rows.eye_zoom(view) >= STOPS))]
        shown = shown[level[shown.index] >= 2] if _rows.eye_zoom(view) < FAR else shown
        marks = _rows.on_map(shown)
        level, stop = _rows.level_of(marks), marks["what"] == "stop"
        dots = (level < 2) & (_rows.eye_zoom(view) < NEAR) & (marks["state"] != "unknown")
        marks["mark"] = np.where(dots | stop, "dot", "bus")
        near = 1.0 if _rows.eye_zoom(view) >= NEAR else ASIDE
        marks["scale"] = np.where(stop, STOP_SCALE, np.where(dots, DOT_SCALE, near))
        marks["tint"] = np.where(stop, palette.TEXT3, palette.TINT["people"])
        named = [line_of(row) if _rows.eye_zoom(view) >= NAMED else None for _, row in marks.iterrows()]
        marks["name"] = pd.Series(named, marks.index, dtype=object)
        fits = _names.fitting(marks, view)
        east = pd.to_numeric(marks["az"]).between(*EAST_DEG) & fits.notna()
        marks["name"] = fits.where(~east, EN_SPACE + fits.fillna(""))
        return elements.of(marks)

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        what = frame["what"] if len(frame) else pd.Series(dtype=object)
        state, level = frame["state"] if len(frame) else what, _rows.level_of(frame)
        bus, told = what == "bus", (what == "notice") & (state != "unknown")
        rows = [
            ("bus", "đang chạy", "running", "fresh", 0, bus & (state == "fresh") & (level == 0)),
            ("dot", "điểm dừng", "stops", "fresh", 0, (what == "stop") & (state != "unknown")),
            ("bus", "tin trễ", "news late", "late", 0, bus & (state == "late") & (level == 0)),
            ("bus", "thông báo đổi lịch, đường đi", "notices to passengers", "fresh", 1, told & (level <= 1)),
            ("bus", "chậm trên 10 phút", "over 10 min late", "fresh", 2, bus & (level >= 2) & (state != "silent")),
            ("bus", "mất tín hiệu", "silent", "silent", LEVEL_SILENT, bus & (state == "silent")),
            ("bus", "tuyến ngừng chạy", "lines not running", "fresh", 3, told & (level > 1)),
            ("bus", *_incidents.UNKNOWN, "unknown", 0, state == "unknown"),
        ]
        return [
            LegendItem(mark=m, title_vi=v, title_en=e, state=s, level=a, count=int(mask.sum()))
            for i, (m, v, e, s, a, mask) in enumerate(rows)
            if not i or mask.any()
        ]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Buses heard of."""
        return 0 if frame.empty else int(((frame["what"] == "bus") & frame["state"].isin(["fresh", "late"])).sum())

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        return _bus_words.facts(row, language)


def line_of(row: pd.Series[Any]) -> str | None:
    """The number of the line, else what is written on the bus; the name of a stop."""
    return text(_rows.more(row).get("route")) if row["what"] == "bus" else text(row["name"])


def buses_of(positions: gpd.GeoDataFrame, observations: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """One row a bus in service with its state, and how late it is where that is known and still holds."""
    if positions.empty:
        return positions
    out = gpd.GeoDataFrame(states.classify(positions, view.end), crs=positions.crs)
    serving = pd.Series([_rows.more(row).get("in_service") for _, row in out.iterrows()], out.index, dtype=object)
    home = (serving != True) & (out["age_s"] > GONE_HOME_S)  # noqa: E712 (may be missing)
    out = out[(serving != False) & ~home].copy()  # noqa: E712
    values = _rows.results(observations)
    out["what"], out["mark"] = "bus", "bus"
    out["values"] = [values.get(str(key), {}) for key in out.index]
    recent = observations[observations["observed_property"] == "delay"] if len(observations) else observations
    told = recent.groupby("id")["time"].max() if len(recent) else pd.Series(dtype=object)
    limit = pd.Timestamp(view.end) - pd.Timedelta(seconds=DELAY_HOLDS_S)
    holds = [key in told.index and told[key] >= limit for key in out.index]
    heard = out["state"].isin(["fresh", "late"])
    delays = [number(v.get("delay")) if ok else None for v, ok in zip(out["values"], holds, strict=True)]
    out["delay_s"] = pd.to_numeric(pd.Series(delays, out.index, dtype=object)).where(heard)
    late = np.array([punctuality.level(d) for d in out["delay_s"]], int)
    out["level"] = np.where(out["state"] == "silent", LEVEL_SILENT, np.where(heard, late, 0))
    heading = pd.to_numeric(out["heading_deg"], errors="coerce")
    moving = pd.to_numeric(out["sog_kn"], errors="coerce").fillna(0) >= MOVING_KN
    out["az"] = heading.fillna(pd.to_numeric(out["cog_deg"], errors="coerce").where(moving))
    return out


def notices(events: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """What passengers are told now, with the level of its kind: the source's own goes up to emergencies of a line."""
    found = _incidents.mask(_incidents.classify(events, view, "bus"))
    if found.empty:
        return found
    found = found[found["open"].astype(bool)].assign(what="notice", name=None)
    levels = [punctuality.notice_level(text(kind)) for kind in found["category"]]
    return gpd.GeoDataFrame(found.assign(level=np.where(found["state"] == "unknown", 0, levels)))
