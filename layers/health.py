"""Health facilities: a plus each with its beds in use; wards with more cases than usual shaded and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import pandas as pd

from geodata import catalogue
from geodata.records import Observation, Thing
from geodata.rules import hospital
from geodata.view import View
from layers import _facilities as facilities
from layers import _limits, words
from layers import _ward_cases as cases
from layers import _warned as warned
from layers.base import Layer, LegendItem, Limit

if TYPE_CHECKING:
    from geodata.store.reader import Reader

MAIN = ("bed_occupancy", "beds_occupied", "outpatients", *cases.CASES)
PAST = timedelta(weeks=10)
MARK, COUNT = "plus", cases.MARK


class Health(Layer):
    """``load``: facilities and wards, index id; ``occupancy`` per cent of beds, ``cases`` of the week in a ward."""

    service = "health"
    z_order = 48
    noun = ("cơ sở y tế", "facilities")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        things = reader.latest(self.service, Thing, view)
        latest = reader.latest(self.service, Observation, view)
        past = reader.between(self.service, Observation, replace(view, start=view.end - PAST))
        return self.classify(things, latest, past, warned.in_force(reader, view), view)

    def classify(
        self,
        things: gpd.GeoDataFrame,
        latest: gpd.GeoDataFrame,
        past: pd.DataFrame,
        alerts: gpd.GeoDataFrame,
        view: View,
    ) -> gpd.GeoDataFrame:
        """One row a facility or ward; ``past`` are results of the weeks before. Pure."""
        out = facilities.gathered(things, latest, view, MAIN, calendar=None)
        out = out.join(warned.over(out, alerts))
        out["ward"] = [
            cases.is_ward(category, values) for category, values in zip(out["category"], out["values"], strict=True)
        ]
        out = cases.unheard(out)
        out["occupancy"] = pd.Series([occupancy(v) for v in out["values"]], out.index, dtype=float)
        out["cases"] = pd.Series([cases.most(v) for v in out["values"]], out.index, dtype=object)
        weeks = cases.weeks_of(past)
        grades = [
            cases.of_ward(key, values, weeks) if ward else of_facility(values)
            for key, ward, values in zip(out.index, out["ward"], out["values"], strict=True)
        ]
        out["why"] = pd.Series([why for _, why in grades], out.index, dtype=object)
        out["usual"] = pd.Series([cases.usual_of(key, weeks) for key in out.index], out.index, dtype=object)
        out["short"] = pd.Series([short(v) for v in out["values"]], out.index, dtype=object)
        out["mark"] = "dot"
        return facilities.graded(out, [level for level, _ in grades])

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        ward = frame["ward"].astype(bool) if len(frame) else pd.Series(dtype=bool)
        return hv.Overlay([*cases.shading(frame[ward], view), facilities.marks(frame[~ward], view, MARK)])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        if frame.empty:
            return [LegendItem(mark=MARK, title_vi="có báo cáo", title_en="reporting", count=0)]
        ward, level = frame["ward"].astype(bool), frame["level"].astype(int)
        current, fresh = frame["state"].isin(["fresh", "late"]), frame["state"] == "fresh"
        place, busy, over = ~ward, f"{hospital.BUSY:.0f}%", f"{hospital.OVER:.0f}%"
        rows = [
            (MARK, "có báo cáo", "reporting", 0, fresh & place & (level == 0)),
            (COUNT, "phường, xã: ca bệnh trong tuần", "wards: cases of the week", 0, fresh & ward & (level == 0)),
            (MARK, f"giường từ {busy}", f"beds from {busy}", 1, current & place & (level == 1)),
            (MARK, "hết giường hoặc xe cứu thương", "no bed or no ambulance", 2, current & place & (level == 2)),
            (COUNT, "nhiều ca hơn mức thường", "more cases than usual", 2, current & ward & (level == 2)),
            (MARK, f"giường từ {over}", f"beds from {over}", 3, current & place & (level == 3)),
        ]
        items = [
            LegendItem(mark=mark, title_vi=vi, title_en=en, level=at, count=int(mask.sum()))
            for i, (mark, vi, en, at, mask) in enumerate(rows)
            if i == 0 or mask.any()
        ]
        return [*items, *facilities.last_rows(frame[place], MARK), *facilities.last_rows(frame[ward], COUNT)]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Facilities; wards are none."""
        return int((~frame["ward"].astype(bool)).sum()) if len(frame) else 0

    def limits(self, row: pd.Series[Any], observed_property: str, at: datetime) -> Sequence[Limit]:
        """The program's thresholds of beds in use."""
        del row, at
        return _limits.beds() if observed_property == "bed_occupancy" else ()

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        kind = ("Phường, xã", "Ward") if row["ward"] else ("Cơ sở", "Facility")
        facts = facilities.heading(row, self.service, kind, language)
        if isinstance(row["why"], str) and row["state"] in {"fresh", "late"}:
            facts["Cần chú ý" if vi else "Attention"] = WHY[row["why"]][not vi]
        facts |= warned.facts(row, language)
        facts |= facilities.numbers(row, self.service, language)
        for name, (mean, limit) in (row["usual"] or {}).items() if isinstance(row["usual"], dict) else ():
            title = next((p.title_vi if vi else p.title_en for p in catalogue.service(self.service).observed_properties
                          if p.id == name), name)  # fmt: skip
            said = (
                f"{words.number(mean, 1, language)}, {'ngưỡng' if vi else 'limit'} {words.number(limit, 1, language)}"
            )
            facts[f"{title}, {'mức thường' if vi else 'usual'}"] = said
        return facts | facilities.last_facts(row, language)


WHY = {
    "busy": ("gần hết giường", "nearly no bed left"),
    "full": ("hết giường", "no bed left"),
    "over": ("quá tải giường", "far more patients than beds"),
    "ambulance": ("không còn xe cứu thương sẵn sàng", "no ambulance free"),
    "outbreak": ("số ca cao hơn mức thường", "more cases than usual"),
}
"""Why a row has its level. Thresholds are this program's (``geodata.rules.hospital``)."""


def occupancy(values: Mapping[str, float]) -> float | None:
    """Per cent of beds in use: as told, else from beds and those in use."""
    if "bed_occupancy" in values:
        return values["bed_occupancy"]
    return 100 * values["beds_occupied"] / values["beds"] if values.get("beds") and "beds_occupied" in values else None


def of_facility(values: Mapping[str, float]) -> tuple[int, str | None]:
    """Level and reason of a facility: its beds, then its ambulances."""
    beds = hospital.of_beds(occupancy(values))
    if beds < hospital.LEVEL_NO_AMBULANCE and values.get("ambulances_free") == 0:
        return hospital.LEVEL_NO_AMBULANCE, "ambulance"
    return beds, (None, "busy", "full", "over")[beds]


def short(values: Mapping[str, float]) -> str | None:
    """The number beside the mark: beds in use."""
    used = occupancy(values)
    return None if used is None else f"{words.number(used)}% giường"
