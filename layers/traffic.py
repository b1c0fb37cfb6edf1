"""Traffic: roads in the colour of how they run, junctions whose signals are dark, incidents as small diamonds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata.records import Event, Observation, Position, Thing
from geodata.view import View, mercator_xy
from layers import _incidents, _names, _road_words, _rows, elements, palette, states
from layers._road_rows import LEVEL_DARK, roads, vehicles
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, NEAR, NAMED = 9.5, 12.5, 14.5
"""Under ``FAR`` only what needs acting on; quiet junctions and what is over from ``NEAR``; names from ``NAMED`` on."""

MANY = 3000
"""Incidents beyond which those that are over are not drawn."""

WIDTH_PX = {"free": 2.5, "slow": 3.5, "jammed": 4.5, "closed": 4.5}
DASH = {"closed": [10, 6], "unknown": [6, 5], "quiet": [2, 5]}
FAR_WIDTH = 0.7
COLUMNS = ("what", "values", "runs", "grade", "open", "title", "severity", "end_time", "thing_id", "place_level")


class Traffic(Layer):
    """``load``: a row a segment, junction, vehicle or incident (column ``what``), index id."""

    service = "traffic"
    z_order = 36
    noun = ("đoạn đường có số đo", "roads measured")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        found = (reader.latest(self.service, kind, view) for kind in (Thing, Observation, Event, Position))
        return self.classify(*found, view=view)

    def classify(
        self,
        things: gpd.GeoDataFrame,
        observations: gpd.GeoDataFrame,
        events: gpd.GeoDataFrame,
        positions: gpd.GeoDataFrame,
        *,
        view: View,
    ) -> gpd.GeoDataFrame:
        """The rows of all kinds with ``mark, state, level, alpha``. Pure."""
        happened = _incidents.mask(_incidents.classify(events, view, "incident")).assign(what="incident", name=None)
        moving = vehicles(positions, view)
        still = roads(things, observations, view)
        still = still[~still.index.isin(moving.index)]  # what moves is no junction
        return gpd.GeoDataFrame(states.ordered(_rows.stack([still, moving, happened], COLUMNS)))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        what = frame["what"] if len(frame) else pd.Series(dtype=object)
        shown = frame[what == "segment"]
        parts: list[Any] = [line(shown[cut(shown, name)], name, view) for name in STYLES]
        return hv.Overlay([*parts, self._marks(frame[what != "segment"], view)])

    def _marks(self, frame: gpd.GeoDataFrame, view: View) -> elements.Marks:
        if frame.empty:
            return elements.of(frame)
        frame = _incidents.one_a_place(frame)
        level, event = _rows.level_of(frame), frame["what"] == "incident"
        over = event & ~frame["open"].fillna(value=False).astype(bool)
        if _rows.eye_zoom(view) < FAR:
            keep = level >= 2
        elif _rows.eye_zoom(view) < NEAR or len(frame) > MANY:
            keep = (level >= 2) | (event & ~over)
        else:
            keep = pd.Series(True, frame.index)
        marks = _rows.on_map(frame[keep])
        at_device = (marks["what"] == "incident") & marks["thing_id"].isin(frame.index)
        marks = _incidents.beside(marks, _rows.desk_px_m(view), at_device)
        small = (_rows.level_of(marks) < 2) & (marks["what"] != "incident") & (_rows.eye_zoom(view) < NAMED)
        marks["scale"] = np.where(small, 0.7, 1.0 if _rows.eye_zoom(view) >= NEAR else 0.8)
        bare = [isinstance(found, Mapping) and not found for found in marks["values"]]
        own = np.where(bare, palette.TEXT3, palette.TINT["infrastructure"])
        marks["tint"] = np.where(marks["what"] == "incident", palette.TINT["people"], own)
        told = marks["title"].where(marks["open"].fillna(value=False).astype(bool), None)
        marks["name"] = marks["name"].where(marks["what"] != "incident", told)
        marks["name"] = _names.fitting(marks, view) if _rows.eye_zoom(view) >= NAMED else None
        return elements.of(marks)

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        if frame.empty:
            return [LegendItem(mark="road", title_vi="thông thoáng", title_en="free", count=0)]
        road, lost = frame[frame["what"] != "incident"], frame["state"] == "unknown"
        runs, state, level = road["runs"], road["state"], _rows.level_of(road)
        seg, dark = road["what"] == "segment", (road["what"] != "segment") & (level >= LEVEL_DARK)
        known = ~state.isin(["unknown", "silent"])
        rows = [
            ("road", "thông thoáng", "free", "fresh", 0, known & seg & (runs == "free")),
            ("dot", "nút giao, xe đang chạy", "junctions, vehicles", "fresh", 0, known & ~seg & ~dark & runs.isna()),
            ("road", "chưa có số đo", "not measured", "planned", 0, known & seg & runs.isna()),
            ("road", "mất tín hiệu", "silent", "silent", 0, state == "silent"),
            ("road", "đi chậm", "slow", "fresh", 2, known & (runs == "slow")),
            ("dot", "đèn tín hiệu tắt", "signals dark", "fresh", 2, known & dark & runs.isna()),
            ("road", "đường tắc", "jammed roads", "fresh", 3, known & (runs == "jammed")),
            (
                "road",
                "đường tắc, không có xe qua",
                "jammed roads, nothing passes",
                "fresh",
                3,
                known & (runs == "closed"),
            ),
        ]
        items = [
            LegendItem(mark=m, title_vi=v, title_en=e, state=s, level=a, count=int(mask.sum()))
            for m, v, e, s, a, mask in rows
            if mask.any() or v == "thông thoáng"
        ]
        happened = frame[(frame["what"] == "incident") & ~lost]
        items += _incidents.legend(happened, "incident", ("sự cố", "incidents"), ("sự cố đã xong", "incidents over"))
        if lost.any():
            vi, en = _incidents.UNKNOWN
            items.append(LegendItem(mark="road", title_vi=vi, title_en=en, state="unknown", count=int(lost.sum())))
        return items

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Segments of which it is known how they run."""
        return 0 if frame.empty else int(((frame["what"] == "segment") & frame["runs"].notna()).sum())

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        return _road_words.facts(row, language)


STYLES: Mapping[str, str] = {
    "quiet": palette.TEXT_OFF,
    "free": palette.TRAFFIC["free"],
    "unknown": palette.UNKNOWN,
    "slow": palette.TRAFFIC["slow"],
    "jammed": palette.TRAFFIC["jammed"],
    "closed": palette.TRAFFIC["closed"],
}
"""Class to colour, from below. A free road is the road itself."""


def cut(frame: pd.DataFrame, name: str) -> pd.Series[bool]:
    """The segments of a class: how they run, or that it is not known."""
    lost: pd.Series[bool] = frame["state"] == "unknown"
    if name == "unknown":
        return lost
    runs = frame["runs"].isna() & ~lost if name == "quiet" else frame["runs"] == name
    return runs & ~lost


def line(frame: gpd.GeoDataFrame, name: str, view: View) -> hv.Path:
    """The segments of one class as one element, with their ids; from afar only those that need acting on."""
    far = _rows.eye_zoom(view) < FAR
    kept = frame.iloc[:0] if far and name in {"quiet", "free"} else frame
    parts, of = shapely.get_parts(np.asarray(kept.geometry.to_numpy(), object), return_index=True)
    paths = []
    for part, index in zip(parts, of, strict=True):
        x, y = mercator_xy(*np.array(part.coords)[:, :2].T)
        paths.append({"x": x, "y": y, "id": str(kept.index[index])})
    width = WIDTH_PX.get(name, 2.0) * (FAR_WIDTH if _rows.eye_zoom(view) < NEAR else 1.0)
    style: dict[str, Any] = {"line_color": STYLES[name], "line_width": width}
    if name in DASH:
        style["line_dash"] = DASH[name]
    return hv.Path(paths, ["x", "y"], ["id"]).opts(backend="bokeh", **style)
