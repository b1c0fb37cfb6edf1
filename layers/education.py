"""Schools: a pentagon each; closed ones stand out, and those that are open inside a dangerous area stand out most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import holoviews as hv
import pandas as pd

from geodata.calendar import WorkCalendar
from geodata.records import Observation, Thing
from geodata.rules import school
from geodata.view import View
from layers import _facilities as facilities
from layers import _warned as warned
from layers import words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

MAIN = ("status", "attendance")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
STATUS = {
    "open": ("học bình thường", "open"),
    "online": ("học trực tuyến", "online"),
    "shelter": ("nơi sơ tán", "shelter"),
    "closed": ("nghỉ học", "closed"),
}
IN_DANGER = ("đang học trong vùng cảnh báo", "open inside a warned area")
MARK = "pentagon"


class Education(Layer):
    """``load``: one row a school, index id; ``status`` open, closed, online, shelter or None; ``warned`` 0–5."""

    service = "education"
    z_order = 46
    noun = ("trường", "schools")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        things = reader.latest(self.service, Thing, view)
        latest = reader.latest(self.service, Observation, view)
        return self.classify(things, latest, warned.in_force(reader, view), view)

    def classify(
        self, things: gpd.GeoDataFrame, latest: gpd.GeoDataFrame, alerts: gpd.GeoDataFrame, view: View
    ) -> gpd.GeoDataFrame:
        """One row a school. ``alerts`` as ``layers._warned.graded`` gives them. Pure."""
        out = facilities.gathered(things, latest, view, MAIN, calendar=WorkCalendar())
        out = out.join(warned.over(out, alerts, school.DANGEROUS))
        out["status"] = pd.Series([said.get("status") for said in out["said"]], out.index, dtype=object)
        today = out["time"].dt.tz_convert(ZONE).dt.date == view.end.astimezone(ZONE).date() if len(out) else []
        graded = [
            school.level(status, warned=int(at), today=bool(same))
            for status, at, same in zip(out["status"], out["warned"], today, strict=True)
        ]
        out["short"] = pd.Series(
            [short(s, n) for s, n in zip(out["status"], graded, strict=True)], out.index, dtype=object
        )
        return facilities.graded(out, graded)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        return facilities.marks(frame, view, MARK)

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        current = frame["state"].isin(["fresh", "late"]) if len(frame) else pd.Series(dtype=bool)
        status, level = frame["status"], frame["level"]
        plain = (current & (level == 0) & (frame["state"] == "fresh")) if len(frame) else current
        rows = [(("học bình thường", "open"), 0, plain)]
        rows += [
            (STATUS[name], school.level(name), current & (status == name)) for name in ("online", "shelter", "closed")
        ]
        rows.append((IN_DANGER, school.LEVEL_OPEN_IN_DANGER, current & (level == school.LEVEL_OPEN_IN_DANGER)))
        items = [
            LegendItem(mark=MARK, title_vi=vi, title_en=en, level=at, count=int(mask.sum()))
            for (vi, en), at, mask in rows
            if at == 0 or mask.any()
        ]
        return [*items, *facilities.last_rows(frame, MARK)]

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = facilities.heading(row, self.service, ("Trường", "School"), language)
        status = row["status"]
        if isinstance(status, str) and row["state"] in {"fresh", "late"}:
            said = STATUS.get(status, (status, status))
            facts["Hôm nay" if today(row) and vi else "Today" if today(row) else "Báo cáo" if vi else "Report"] = said[
                not vi
            ]
        facts |= warned.facts(row, language)
        # who came is of the last day of lessons: it says nothing of a school that is shut
        shut = status in {"closed", "online", "shelter"}
        came = None if shut else row["parts"].get("attendance")
        facts |= facilities.numbers(row, self.service, language, unsaid=("attendance",) if shut else ())
        if came:
            n = f"{words.number(came[0], 0, language)} / {words.number(came[1], 0, language)}"
            facts["Có mặt / sĩ số" if vi else "Present / enrolled"] = n
        return facts | facilities.last_facts(row, language)


def today(row: pd.Series[Any]) -> bool:
    """Whether the report is not older than a day: else its words are those of another day."""
    return bool(row["age_s"] <= 86400)


def short(status: str | None, level: int) -> str | None:
    """The words beside the mark on the map."""
    if level == school.LEVEL_OPEN_IN_DANGER:
        return IN_DANGER[0]
    return STATUS[status][0] if status in STATUS and status != "open" else None
