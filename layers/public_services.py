"""One-stop offices: a house filled by the work in hand, with its on-time rate; level 2 when too much is late.

Dossiers are counted at their office; no dossier is a mark, for it belongs to a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import Observation, ServiceRequest, Thing
from geodata.rules import dossier, small_numbers
from geodata.view import View
from layers import _agencies, _dossiers, _houses, _office_words, _shading, elements, states, words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

WINDOW = timedelta(days=7)
"""Days whose solved dossiers make the rate: of one day there are few, and offices work in weeks."""


DAILY = ("in_progress", "received", "overdue", "on_time_rate", "waiting")
COLUMNS = ("rate", "solved", "solved_all", "since", "until", "in_progress", "overdue", "received", "age_s", "values")


class PublicServices(Layer):
    """``load``: one row an office, index id: ``rate`` (0–1, NaN of fewer than five), ``solved`` of ``solved_all`` in
    the last week, ``in_progress``, ``overdue``, ``received``, ``due`` (load, 1 full) and ``_dossiers.CASES``.
    """

    service = "public_services"
    z_order = 44
    noun = ("hồ sơ đang giải quyết", "dossiers in progress")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        week = replace(view, start=view.end - WINDOW)
        return self.classify(
            reader.latest(self.service, Observation, view),
            reader.between(self.service, Observation, week),
            reader.latest(self.service, Thing, view),
            reader.latest(self.service, ServiceRequest, view),
            view,
        )

    def classify(
        self,
        latest: gpd.GeoDataFrame,
        recent: gpd.GeoDataFrame,
        things: gpd.GeoDataFrame,
        cases: gpd.GeoDataFrame,
        view: View,
    ) -> gpd.GeoDataFrame:
        """One row an office with ``COLUMNS``; also offices that have only dossiers. Pure."""
        rows = offices(_shading.wide_rows(latest, DAILY), things)
        counts = _dossiers.counted(cases, rows, view)
        rows = _dossiers.with_strangers(rows, counts, cases)
        if rows.empty:
            return rows.assign(**{n: pd.Series(dtype=object) for n in (*_houses.COLUMNS, *COLUMNS, *_dossiers.CASES)})
        out = _houses.classify(rows, view.end)
        for name in _dossiers.CASES:
            out[name] = [counts.get(key, {}).get(name, 0) for key in out.index]
        week = {key: of_week(rows_) for key, rows_ in recent.groupby("id")} if len(recent) else {}
        facts = pd.DataFrame([measured(row, week.get(key, {})) for key, row in out.iterrows()], index=out.index)
        out = gpd.GeoDataFrame(pd.concat([out, facts], axis=1), crs=rows.crs)
        silent = ~np.isfinite(out["in_progress"]) & ~np.isfinite(out["solved_all"]) & (out["state"] != "unknown")
        out.loc[silent, "state"] = "planned"
        out["level"] = np.where(out["state"] == "unknown", 0, out["level"]).astype(int)
        out["mark"], out["scale"], out["tint"] = "house", 1.0, None
        return gpd.GeoDataFrame(states.ordered(out), crs=rows.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        weight = pd.to_numeric(frame["in_progress"]).tolist() if len(frame) else []
        return elements.of(_houses.apart(frame, view, weight, step=-1))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        rate = pd.to_numeric(frame["rate"]) if len(frame) else pd.Series(dtype=float)
        heard = state.isin(["fresh", "late"])
        least, most = (words.percent(v, 0) for v in (dossier.ON_TIME_LEAST, dossier.OVERDUE_MOST))
        few, good = small_numbers.LEAST_N, heard & (level == 0)
        rows = [
            (f"đúng hạn từ {least}; đầy là việc tồn", f"on time {least} and over; filled: work in hand", "fresh", 0,
             0.6, int((good & rate.notna()).sum())),
            (f"chưa tính tỷ lệ, dưới {few} hồ sơ", f"no rate, fewer than {few} dossiers", "fresh", 0, 0.0,
             int((good & rate.isna()).sum())),
            ("chưa có số liệu", "no figures yet", "planned", 0, None, int((state == "planned").sum())),
            ("mất báo cáo", "no report", "silent", 0, None, int(((state == "silent") & (level == 0)).sum())),
            (f"dưới {least} hoặc quá hạn trên {most}", f"under {least} or over {most} overdue", "fresh", 2, 0.6,
             int((level > 0).sum())),
            ("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, None, int((state == "unknown").sum())),
        ]  # fmt: skip
        return [
            LegendItem(mark="house", title_vi=vi, title_en=en, state=look, level=step, due=due, count=n)
            for i, (vi, en, look, step, due, n) in enumerate(rows)
            if n or i in {0, 4}
        ]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        return int(pd.to_numeric(frame["in_progress"]).sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        late = _houses.of_words(row["overdue"], row["in_progress"], language)
        facts = {
            ("Đơn vị" if vi else "Office"): _houses.text_of(row, "name") or str(row.name),
            ("Đúng hạn" if vi else "On time"): _office_words.rate_words(row, language),
            ("Quá hạn" if vi else "Overdue"): f"{late} {'đang giải quyết' if vi else 'in progress'}",
            ("Tiếp nhận trong ngày" if vi else "Received that day"): words.number(row["received"], 0, language),
            ("Việc tồn" if vi else "Work in hand"): _office_words.load_words(row, language),
            ("Hồ sơ trên cổng" if vi else "Dossiers on the portal"): _office_words.cases_words(row, language),
        }
        facts |= _office_words.rates(row, language)
        if group := _agencies.class_words(row.get("agency"), language):
            facts["Nhóm cơ quan" if vi else "Class"] = group
        planned = "chưa có số liệu" if vi else "no figures yet"
        facts["Số liệu ngày" if vi else "Figures of"] = words.moment(row["time"])
        facts["Mã" if vi else "Id"] = _houses.short_id(row)
        facts["Trạng thái" if vi else "State"] = (
            planned if row["state"] == "planned" else states.said(row["state"], language)
        )
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def offices(rows: gpd.GeoDataFrame, things: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The offices with numbers and those without; numbers of things that are no offices stay."""
    silent = things[~things.index.isin(rows.index)] if len(things) else things
    if silent.empty:
        return rows
    empty = silent.assign(id=silent.index.astype(str), phenomenon_end=pd.NaT, values=[{} for _ in range(len(silent))])
    return gpd.GeoDataFrame(pd.concat([rows, empty]) if len(rows) else empty, crs=things.crs)


def of_week(rows: pd.DataFrame) -> dict[str, Any]:
    """Solved on time and in all over the days of the window with the first and last day, and the mean received."""
    solved = rows[(rows["observed_property"] == "on_time_rate") & rows["denominator"].notna()]
    daily = solved[pd.to_datetime(solved["phenomenon_end"], utc=True).isna()] if len(solved) else solved
    top, of = small_numbers.pooled(zip(daily["numerator"], daily["denominator"], strict=True))
    received = rows.loc[rows["observed_property"] == "received", "result"].dropna()
    return {
        "solved": top,
        "solved_all": of,
        "since": daily["time"].min() if len(daily) else pd.NaT,
        "until": daily["time"].max() if len(daily) else pd.NaT,
        "a_day": float(received.mean()) if len(received) else np.nan,
    }


def measured(row: pd.Series[Any], week: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one office: see ``PublicServices``."""
    solved, all_ = week.get("solved", np.nan), week.get("solved_all", 0.0)
    since, until = week.get("since", pd.NaT), week.get("until", pd.NaT)
    if not all_:  # nothing in the window: the newest rate that is told
        solved, all_ = (_shading.number(row, "on_time_rate", field) for field in ("numerator", "denominator"))
        newest = row["values"].get("on_time_rate", {}) if isinstance(row["values"], dict) else {}
        since = until = newest.get("time", pd.NaT)
    hand, late = _shading.number(row, "in_progress"), _shading.number(row, "overdue")
    if not np.isfinite(hand) and row["cases_open"]:
        hand, late = float(row["cases_open"]), float(row["cases_overdue"])
    rate = small_numbers.share(solved, all_)
    a_day = week.get("a_day", np.nan)
    a_day = a_day if np.isfinite(a_day) else _shading.number(row, "received")
    load = hand / (a_day * _office_words.LOAD_DAYS) if a_day > 0 else np.nan
    return {
        "rate": np.nan if rate is None else rate,
        "solved": solved,
        "solved_all": all_,
        "since": since,
        "until": until,
        "in_progress": hand,
        "overdue": late,
        "received": _shading.number(row, "received"),
        "due": load,
        "text": None if rate is None else words.percent(rate, 1),
        "level": dossier.level((solved, all_), late, hand),
    }
