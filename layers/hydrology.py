"""River, lagoon and rain stations: the level as a number with its trend, the border by the alarm it has reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata import catalogue
from geodata.records import Observation, Quality
from geodata.rules import alarm
from geodata.unit_words import unit_word
from geodata.view import View
from layers import _limits, elements, states, words
from layers import badges as beside
from layers.base import Among, Layer, LegendItem, Limit
from layers.numbers import WALL_NUMBERS

if TYPE_CHECKING:
    from geodata.store.reader import Reader

LEVEL = "water_level"
RATE_OVER = timedelta(hours=3)
NAMES_FROM, ALL_FROM = 11.5, 12.5
"""From ``ALL_FROM`` every station has its badge; before it, stations in alarm and one a river (look.md 3.7)."""

OVER = (
    (1, "trên báo động 1", "over alarm 1"),
    (2, "trên báo động 2", "over alarm 2"),
    (3, "trên báo động 3", "over alarm 3"),
    (4, "báo động 3 + 1,0 m", "alarm 3 + 1.0 m"),
)
SHOWN = (LEVEL, "reservoir_level", "rain_1h", "rain_24h", "discharge", "outflow")
"""What a badge shows: the first of these that the station measures."""

UNSAID = ("battery",)
"""Of the device, not of the water: for who keeps the station, not in the panel."""

COLUMNS = (
    "value",
    "rate",
    "trend",
    "river",
    "alarms",
    "values",
    "text",
    "unit",
    "state",
    "level",
    "alpha",
    "age_s",
    "mark",
)


class Hydrology(Layer):
    """``load``: one row a station, index id; ``value`` m above the station's own zero, ``rate`` m/h, ``alarms`` BĐ."""

    service = "hydrology"
    z_order = 66
    noun = ("trạm đo", "stations")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        latest = reader.latest(self.service, Observation, view)
        recent = reader.between(self.service, Observation, replace(view, start=view.end - RATE_OVER))
        return self.classify(latest, recent, view)

    def classify(self, latest: gpd.GeoDataFrame, recent: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row a station with ``COLUMNS``. Pure."""
        if latest.empty:
            return latest.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        main = latest.assign(rank=(latest["observed_property"] != LEVEL).astype(int)).sort_values(["id", "rank"])
        one = main.groupby("id").head(1).set_index("id", drop=False)
        one.index.name = None
        out = gpd.GeoDataFrame(states.classify(one, view.end), crs=latest.crs)
        by = measured_of(latest)
        rates = alarm.rates_of(recent)
        out["values"] = [by.get(station, {}) for station in out.index]
        out["value"] = [values.get(LEVEL, np.nan) for values in out["values"]]
        out["rate"] = [rates.get(station, np.nan) for station in out.index]
        out["river"] = pd.Series([p.get("river") for p in out["properties"]], out.index, dtype=object)
        named = list(zip(out["properties"], out["name"], strict=True))
        out["alarms"] = [alarm.alarms_of(p, n) for p, n in named]
        raising = [alarm.alarms_of(p, n, confirmed=True) for p, n in named]
        measured = ~out["value"].isna()
        out["level"] = [
            alarm.alarm(v, a).level if m else 0 for v, a, m in zip(out["value"], raising, measured, strict=True)
        ]
        idle = (out["quality"] != Quality.MEASURING) & out["state"].isin(["fresh", "late"])
        out.loc[idle, "state"] = "maintenance"
        out.loc[out["state"].isin(["unknown", "maintenance"]), "level"] = 0
        out.loc[out["state"] == "silent", "level"] = 2
        out["trend"] = [alarm.trend(r) for r in out["rate"]]
        shown = [number_of(values) for values in out["values"]]
        out["text"] = [text for text, _ in shown]
        out["unit"] = [unit for _, unit in shown]
        out["alpha"] = 1.0
        out["mark"] = "badge"
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        return self._drawn(frame, view)

    def settle(self, frame: gpd.GeoDataFrame, view: View, among: Among) -> hv.Element:
        """The same, each badge clear of numbers and abnormal marks of other layers."""
        return self._drawn(frame, view, among)

    def _drawn(self, frame: gpd.GeoDataFrame, view: View, among: Among | None = None) -> hv.Element:
        badges = frame if view.zoom >= ALL_FROM else frame[alone(frame)]
        feet = frame.drop(index=badges.index)
        badges = badges.iloc[::-1]  # the most abnormal chooses its side first
        badges = badges[~(badges.geometry.isna() | badges.geometry.is_empty)]
        told = zip(badges["text"], badges["unit"], badges["trend"].notna(), strict=True)
        wide = [beside.width_px(str(text), str(unit), arrow=arrow) for text, unit, arrow in told]
        sides = beside.offsets(list(badges.geometry), wide, view, among).set_index(badges.index)
        scale = WALL_NUMBERS["badge"] if among is not None and among.wall else 1.0
        marks = pd.concat(
            [
                feet.assign(mark="dot", text=None, trend=np.nan, scale=0.8),
                badges.assign(scale=scale, trend=pd.to_numeric(badges["trend"], errors="coerce"), **sides).iloc[::-1],
            ]
        )
        return elements.of(gpd.GeoDataFrame(marks, crs=frame.crs).drop(columns=["name", "id"]).rename_axis("id"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        heard = state.isin(["fresh", "late"])
        rows = [("dưới báo động 1", "below alarm 1", "fresh", 0, int((heard & (level == 0)).sum()))]
        for at, vi, en in OVER:
            n = int((heard & (level == at)).sum())
            if n or at <= 2:
                rows.append((vi, en, "fresh", at, n))
        if (state == "maintenance").any():
            n = int((state == "maintenance").sum())
            rows.append(("thiết bị không đo", "device not measuring", "maintenance", 0, n))
        if (state == "silent").any():
            rows.append(("mất tín hiệu", "silent", "silent", 2, int((state == "silent").sum())))
        if (state == "unknown").any():
            rows.append(("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, int((state == "unknown").sum())))
        return [LegendItem(mark="badge", title_vi=v, title_en=e, state=s, level=a, count=n) for v, e, s, a, n in rows]

    def limits(self, row: pd.Series[Any], observed_property: str, at: datetime) -> Sequence[Limit]:
        """BĐ1–3 of the station; a level that is not confirmed raises no alarm and has no colour."""
        del at
        if observed_property != LEVEL:
            return ()
        more, name = row.get("properties"), row.get("name")
        told = more if isinstance(more, Mapping) else {}
        named = name if isinstance(name, str) else None
        sure = alarm.alarms_of(told, named, confirmed=True)
        return _limits.alarms(alarm.alarms_of(told, named), sure)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {("Trạm" if vi else "Station"): str(row["name"] or row.name)}
        if isinstance(row["river"], str):
            facts["Sông, hồ" if vi else "Water"] = str(row["river"])
        if not pd.isna(row["value"]):
            facts["Mực nước" if vi else "Water level"] = words.quantity(row["value"], "m", 2, language)
            facts["Báo động" if vi else "Alarm"] = alarm_words(row["value"], row["alarms"], language)
            facts["Xu thế" if vi else "Trend"] = rate_words(row["rate"], language)
        for known in catalogue.service("hydrology").observed_properties:
            if known.id in row["values"] and known.id not in {LEVEL, *UNSAID}:
                title = known.title_vi if vi else known.title_en
                facts[title] = words.quantity(row["values"][known.id], known.unit, known.decimals, language)
        facts["Trạng thái" if vi else "State"] = states.said(row["state"], language)
        facts["Số đo lúc" if vi else "Measured"] = words.moment(row["time"])
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def measured_of(latest: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Newest results by station and property, of devices that measure: one in repair says nothing of the water."""
    good = latest[(latest["quality"] == Quality.MEASURING) & latest["result"].notna()]
    return {
        str(station): dict(zip(rows["observed_property"], rows["result"].astype(float), strict=True))
        for station, rows in good.groupby("id")
    }


def number_of(values: Mapping[str, float]) -> tuple[str, str]:
    """The number of the badge and its unit, both in words; "–" when the station measures nothing of ``SHOWN``."""
    known = {one.id: one for one in catalogue.service("hydrology").observed_properties}
    for name in SHOWN:
        if name in values:
            return words.number(values[name], known[name].decimals), unit_word(known[name].unit, "vi")
    return words.NOTHING, ""


def alone(frame: gpd.GeoDataFrame) -> pd.Series[bool]:
    """Stations that keep their badge from afar: in alarm or fault, and the one of each river with alarm levels."""
    river = frame["river"].where(frame["alarms"].map(bool))
    first = river.notna() & ~river.duplicated()
    kept: pd.Series[bool] = (frame["level"].astype(int) >= 1) | first | (frame["state"] == "unknown") & first
    return kept


def alarm_words(value: float, levels: Mapping[str, float], language: str) -> str:
    """As "trên BĐ1 0,24 m", "dưới BĐ1 0,18 m", or that the station has no known level."""
    vi = language == "vi"
    if not levels:
        return "chưa có mức báo động" if vi else "no alarm level known"
    found = alarm.alarm(value, levels)
    if found.name is not None and found.over_m is not None:
        name = found.name.replace("bd", "BĐ")
        return f"{'trên' if vi else 'over'} {name} {words.quantity(found.over_m, 'm', 2, language)}"
    name = (found.next_name or "").replace("bd", "BĐ")
    return f"{'dưới' if vi else 'below'} {name} {words.quantity(found.next_m, 'm', 2, language)}"


def rate_words(rate: float, language: str) -> str:
    """As "lên 0,12 m/giờ", "xuống …", "đứng"."""
    vi = language == "vi"
    way = alarm.trend(rate)
    if way is None:
        return words.NOTHING
    if way == 0:
        return "đứng" if vi else "steady"
    verb = ("lên" if way > 0 else "xuống") if vi else ("rising" if way > 0 else "falling")
    return f"{verb} {words.number(abs(rate), 2, language)} m/{'giờ' if vi else 'h'}"
