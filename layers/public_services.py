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

from geodata import catalogue
from geodata.folding import fold
from geodata.records import Observation, ServiceRequest, Thing
from geodata.rules import dossier, small_numbers
from geodata.view import View
from layers import _agencies, _cases, _houses, _shading, _wards, elements, states, words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

WINDOW = timedelta(days=7)
"""Days whose solved dossiers make the rate: of one day there are few, and offices work in weeks."""

LOAD_DAYS = 10
"""Working days of intake in hand at which a house is full; this program's own measure."""

DAILY = ("in_progress", "received", "overdue", "on_time_rate", "waiting")
SCORES = ("score_transparency", "score_progress", "score_digitisation", "score_online", "score_satisfaction")
RATES = ("online_rate", "online_payment_rate", "digitised_rate", "satisfaction_rate")
CASES = ("cases_open", "cases_overdue", "cases_paused")
COLUMNS = (
    "rate",
    "solved",
    "solved_all",
    "since",
    "until",
    "in_progress",
    "overdue",
    "received",
    "due",
    "text",
    "values",
)


class PublicServices(Layer):
    """``load``: one row an office, index id: ``rate`` (0–1, NaN of fewer than five), ``solved`` of ``solved_all`` in
    the last week, ``in_progress``, ``overdue``, ``received``, ``due`` (load, 1 full) and ``CASES``.
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
        """One row an office with ``COLUMNS`` and ``CASES``; also offices that have only dossiers. Pure."""
        rows = offices(_shading.wide_rows(latest, DAILY), things)
        counts = dossiers(cases, rows, view)
        rows = with_strangers(rows, counts, cases)
        if rows.empty:
            return rows.assign(**{n: pd.Series(dtype=object) for n in (*_houses.COLUMNS, *COLUMNS, *CASES)})
        out = _houses.classify(rows, view.end)
        for name in CASES:
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
            ("Đúng hạn" if vi else "On time"): rate_words(row, language),
            ("Quá hạn" if vi else "Overdue"): f"{late} {'đang giải quyết' if vi else 'in progress'}",
            ("Tiếp nhận trong ngày" if vi else "Received that day"): words.number(row["received"], 0, language),
            ("Việc tồn" if vi else "Work in hand"): load_words(row, language),
            ("Hồ sơ trên cổng" if vi else "Dossiers on the portal"): cases_words(row, language),
        }
        facts |= rates(row, language)
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


def keys_of(rows: pd.DataFrame) -> dict[str, str]:
    """What a dossier may call an office, folded, to the office's id: its agency, its name, its ward."""
    found: dict[str, str] = {}
    for key, row in rows.iterrows():
        ward = _wards.named({"agency": row.get("agency"), "name": row.get("name"), "id": str(key)})
        for name in (row.get("agency"), row.get("name"), None if ward is None else ward.code):
            if isinstance(name, str) and name:
                found.setdefault(fold(name), str(key))
    return found


def dossiers(cases: gpd.GeoDataFrame, rows: pd.DataFrame, view: View) -> dict[str, dict[str, int]]:
    """By office: how many dossiers are open, overdue, paused; by the agency's own name where no office has it."""
    found: dict[str, dict[str, int]] = {}
    known = keys_of(rows)
    for case in cases.to_dict("records") if len(cases) else []:
        if not _cases.is_open(case["status"]):
            continue
        agency, told = case.get("agency"), case.get("properties")
        names = [agency, told.get("ward_code") if isinstance(told, Mapping) else None]
        hits = [known[fold(n)] for n in names if isinstance(n, str) and fold(n) in known]
        key = hits[0] if hits else agency if isinstance(agency, str) and agency else ""
        counts = found.setdefault(key, dict.fromkeys(CASES, 0))
        expected = None if pd.isna(case["expected_datetime"]) else case["expected_datetime"]
        counts["cases_open"] += 1
        counts["cases_paused"] += not dossier.runs(case.get("category"))
        late = dossier.on_time(case.get("category"), expected, None, pd.Timestamp(view.end))
        counts["cases_overdue"] += late is False and case["status"] != "resolved"
    return found


def with_strangers(
    rows: gpd.GeoDataFrame, counts: Mapping[str, Mapping[str, int]], cases: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """The offices, and a row for each agency that has dossiers but no office, at its ward if it is one's committee."""
    names = [name for name in counts if name and name not in rows.index]
    if not names or cases.empty:
        return rows
    source = cases.sort_values("time").iloc[-1]
    common = {
        c: source[c]
        for c in ("time", "received_at", "source", "simulated", "feed", "feed_since", "cadence_s", "late_factor")
    }
    wards = [_wards.by_name(name) for name in names]
    made = gpd.GeoDataFrame(
        {"id": names, "name": names, "category": None, "agency": None, "values": [{} for _ in names], **common},
        geometry=[None if ward is None else ward.point for ward in wards],
        index=names,
        crs=4326,
    )
    return gpd.GeoDataFrame(pd.concat([rows, made]) if len(rows) else made, crs=4326)


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
    load = hand / (a_day * LOAD_DAYS) if a_day > 0 else np.nan
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


def rate_words(row: pd.Series[Any], language: str) -> str:
    """As 97,9% (419/428), 16/11/2026 – 20/11/2026; why not, when of too few."""
    vi = language == "vi"
    if not np.isfinite(row["solved_all"]):
        return "chưa có số liệu" if vi else "no figures yet"
    days = sorted({words.moment(t, day_only=True) for t in (row["since"], row["until"]) if pd.notna(t)}, key=_by_date)
    n = f"{_houses.of_words(row['solved'], row['solved_all'], language)}), {' – '.join(days)}"
    if pd.isna(row["rate"]):
        few = small_numbers.LEAST_N
        return f"dưới {few} hồ sơ nên không tính ({n}" if vi else f"no rate of fewer than {few} ({n}"
    return f"{words.percent(row['rate'], 1, language)} ({n}"


def _by_date(day: str) -> tuple[str, ...]:
    return tuple(reversed(day.split("/")))


def load_words(row: pd.Series[Any], language: str) -> str:
    """How many working days of intake are in hand."""
    if not np.isfinite(row["due"]):
        return words.NOTHING
    days = words.number(row["due"] * LOAD_DAYS, 1, language)
    return f"bằng {days} ngày tiếp nhận" if language == "vi" else f"{days} days of intake"


def cases_words(row: pd.Series[Any], language: str) -> str:
    """How many dossiers of the portal are open here, overdue, paused."""
    if not row["cases_open"]:
        return words.NOTHING
    open_, late, paused = (int(row[name]) for name in CASES)
    if language == "vi":
        return f"{open_} đang mở, {late} quá hạn, {paused} tạm dừng"
    return f"{open_} open, {late} overdue, {paused} paused"


def rates(row: pd.Series[Any], language: str) -> dict[str, str]:
    """The rates of the month with their n, and the marks of Decision 766 of 100 when all five groups are told."""
    vi, known = language == "vi", {one.id: one for one in catalogue.service(PublicServices.service).observed_properties}
    facts = {}
    for name in RATES:
        value, top, of = (_shading.number(row, name, field) for field in ("result", "numerator", "denominator"))
        if not np.isfinite(value):
            continue
        n = _houses.of_words(top, of, language)
        few = np.isfinite(of) and of < small_numbers.LEAST_N
        title = known[name].title_vi if vi else known[name].title_en
        facts[title] = n if few else f"{words.number(value, 1, language)}%" + ("" if n == words.NOTHING else f" ({n})")
    scores = [_shading.number(row, name) for name in SCORES]
    if np.isfinite(scores).all():
        told = " + ".join(words.number(s, 1, language) for s in scores)
        facts["Bộ chỉ số 766" if vi else "Decision 766"] = f"{words.number(sum(scores), 1, language)}/100 ({told})"
        month = pd.Series({k: row["values"][SCORES[0]].get(k) for k in ("time", "phenomenon_end")})
        facts["Kỳ của bộ chỉ số" if vi else "Period of Decision 766"] = _shading.period(month, language)
    return facts
