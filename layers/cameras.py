"""Cameras: a square each with the cone that it sees; what has no picture stands out, with what a detector saw there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import Event, Observation, Thing
from geodata.rules import sight
from geodata.view import View
from layers import _camera_words, _incidents, _names, _rows, elements, states
from layers._camera_rows import COLUMNS, LEVEL_LOST, LEVEL_UNHEARD, cameras_of, seen_by
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, NEAR, NAMED = 9.5, 12.5, 16.0
"""Under ``FAR`` only what needs acting on; under ``NEAR`` small squares without cones; names from ``NAMED`` on."""

TO_SCALE = 15.0
"""From this zoom on a cone is as long as the camera sees, up to ``CONE_PX[1]``; before it tells the direction."""

CONE_PX = (22.0, 300.0)
HINT_PX = 34.0
SMALL, ASIDE = 0.5, 0.8


class Cameras(Layer):
    """``load``: one row a camera (``what`` "camera"), index id; ``fault`` is the level of its picture alone, ``seen``
    what a detector reports there now. A detection of a camera that is not listed is its own row ("detection").
    """

    service = "cameras"
    z_order = 40
    noun = ("đang có hình", "with a picture")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        things = reader.latest(self.service, Thing, view)
        observations = reader.latest(self.service, Observation, view)
        return self.classify(things, observations, reader.latest(self.service, Event, view), view)

    def classify(
        self, things: gpd.GeoDataFrame, observations: gpd.GeoDataFrame, events: gpd.GeoDataFrame, view: View
    ) -> gpd.GeoDataFrame:
        """The frame with ``COLUMNS``. Pure."""
        happening = _incidents.classify(events, view, "incident")
        happening = happening[happening["open"].astype(bool)]
        cameras = cameras_of(things, observations, view)
        mine = happening["thing_id"].isin(cameras.index)
        strays = happening[~mine]
        strays = strays.assign(
            what="detection", name=None, title=None, seen=strays["category"], seen_level=strays["level"], fault=0
        )
        return gpd.GeoDataFrame(states.ordered(_rows.stack([seen_by(cameras, happening[mine]), strays], COLUMNS)))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        if frame.empty:
            return elements.of(frame)
        shown = frame[_rows.level_of(frame) >= LEVEL_LOST] if _rows.eye_zoom(view) < FAR else frame
        marks = _rows.on_map(shown)
        cameras, strays = marks[marks["what"] == "camera"], marks[marks["what"] != "camera"]
        fault = cameras["fault"].astype(int)
        cameras = cameras.assign(
            mark="camera",
            level=fault,
            fov=pd.to_numeric(cameras["fov_deg"], errors="coerce"),
            range=cone_px(cameras, view),
            scale=1.0 if _rows.eye_zoom(view) >= NEAR else np.where(fault >= LEVEL_LOST, ASIDE, SMALL),
        )
        cameras["name"] = _names.fitting(cameras, view) if _rows.eye_zoom(view) >= NAMED else None
        px_m, has = _rows.desk_px_m(view), cameras["seen"].notna() & (cameras["state"] != "unknown")
        found = _incidents.beside(cameras[has], px_m, pd.Series(True, cameras.index[has]))
        found = found.assign(mark="incident", state="fresh", level=found["seen_level"].astype(int), alpha=1.0)
        return elements.of(pd.concat([cameras, found.assign(name=None, scale=1.0), strays.assign(name=None)]))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level, lost = _rows.level_of(frame), state == "unknown"
        fault = pd.to_numeric(frame["fault"]) if len(frame) else level
        seen = (level > fault) & ~lost  # counted once: what was seen when that is worse, else what fails
        still, dark = ("mất hình, hình đứng", "picture lost, frozen"), ("mất hình", "picture lost")
        rows = [
            ("camera", "đang có hình", "live picture", "fresh", 0, ~seen & (fault == 0) & (state == "fresh")),
            ("camera", "tin trễ", "news late", "late", 0, ~seen & (fault == 0) & (state == "late")),
            ("camera", "không có tin", "nothing heard", "silent", LEVEL_UNHEARD, ~seen & (fault == LEVEL_UNHEARD)),
            ("camera", *dark, "silent", LEVEL_LOST, ~seen & (fault == LEVEL_LOST) & (state == "silent")),
            ("camera", *still, "late", LEVEL_LOST, ~seen & (fault == LEVEL_LOST) & (state == "late")),
            *(
                (
                    "incident",
                    f"có phát hiện, mức {n}",
                    f"something detected, level {n}",
                    "fresh",
                    n,
                    seen & (level == n),
                )
                for n in (1, 2, 3, 4)
            ),
            ("camera", *_incidents.UNKNOWN, "unknown", 0, lost),
        ]
        counted = [(*row[:-1], int(row[-1].sum())) for row in rows]
        return [
            LegendItem(mark=m, title_vi=v, title_en=e, state=s, level=a, count=n)
            for i, (m, v, e, s, a, n) in enumerate(counted)
            if n or not i
        ]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Cameras whose picture is live."""
        if frame.empty:
            return 0
        heard = frame["state"].isin(["fresh", "late"]) & (pd.to_numeric(frame["fault"]) == 0)
        return int((heard & (frame["what"] == "camera")).sum())

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        told = _camera_words.facts if row["what"] == "camera" else _camera_words.detection
        return told(row, language)


def cone_px(marks: pd.DataFrame, view: View) -> np.ndarray:
    """The length of each cone, desk px; 0 from afar."""
    if _rows.eye_zoom(view) < NEAR or marks.empty:
        return np.zeros(len(marks))
    _, _, reach, _ = sight.optics(marks)
    least, most = CONE_PX
    px = _rows.true_px(pd.Series(reach, marks.index), marks["y"], view)
    out: np.ndarray = np.clip(px, least, most if _rows.eye_zoom(view) >= TO_SCALE else HINT_PX)
    return out
