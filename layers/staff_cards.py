"""Staff cards: a house an office, filled by the share of its people who are in; doors and readers that need someone.

Counts only: no person, no card. A count under the catalogue's minimum cell is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Event, Observation, Thing
from geodata.rules import small_numbers
from geodata.view import View, mercator_xy
from layers import _agencies, _houses, _shading, elements, states, words
from layers.base import Layer, LegendItem
from layers.public_services import offices

if TYPE_CHECKING:
    from geodata.store.reader import Reader

ALARM_KEEPS = timedelta(hours=1)
"""How long a door's alarm stands that nobody tells the end of; this program's own rule."""

LEVEL_OFFLINE, LEVEL_ALARM = 1, 2
DOOR_FROM, DOOR_LEFT_PX, GLYPH_SCALE, GLYPH_PX = 14.0, 16.0, 0.75, 6.0
"""View zoom from which doors in order are dots; how far at the left of its office's house a door stands; glyphs."""

MAIN = ("present", "reader_state", "cards_active", "taps", "visitors")
DOORS = ("alarms", "refused", "after_hours")
EVENTS = {"door_alarm": "alarms", "denied": "refused", "entry": "after_hours", "exit": "after_hours"}
COLUMNS = ("present", "total", "hidden", "door", "reader", "alarm_time", "class_", "age_s", "values")


class StaffCards(Layer):
    """``load``: one row an office or a door (``door``), index id: ``present`` of ``total`` (NaN when not told), ``due``
    their share; of a door ``reader`` (online, offline) and the day's ``alarms``, ``refused``, ``after_hours``.
    """

    service = "staff_cards"
    z_order = 42
    noun = ("người có mặt", "present")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(
            reader.latest(self.service, Observation, view),
            reader.latest(self.service, Thing, view),
            reader.latest(self.service, Event, view),
            view,
        )

    def classify(
        self, latest: gpd.GeoDataFrame, things: gpd.GeoDataFrame, events: gpd.GeoDataFrame, view: View
    ) -> gpd.GeoDataFrame:
        """One row an office or a door with ``COLUMNS`` and ``DOORS``. Pure."""
        rows = offices(_shading.wide_rows(latest, MAIN), things)
        if rows.empty:
            names = (*_houses.COLUMNS, *COLUMNS, *DOORS)
            return rows.assign(**{name: pd.Series(dtype=object) for name in names})
        out = _houses.classify(rows, view.end)
        words_ = [row["values"].get("reader_state", {}) for _, row in out.iterrows()]
        told = latest[latest["observed_property"] == "reader_state"] if len(latest) else latest
        reader = told.drop_duplicates("id", keep="last").set_index("id")["result_text"].to_dict() if len(told) else {}
        out["reader"] = [reader.get(key) for key in out.index]
        out["door"] = [bool(w) or c == "reader" for w, c in zip(words_, out["category"], strict=True)]
        of_doors = door_events(events, view)
        for name in DOORS:
            out[name] = [of_doors.get(key, {}).get(name, 0) for key in out.index]
        out["alarm_time"] = [of_doors.get(key, {}).get("time", pd.NaT) for key in out.index]
        facts = pd.DataFrame([presence(row) for _, row in out.iterrows()], index=out.index)
        out = gpd.GeoDataFrame(pd.concat([out, facts], axis=1), crs=rows.crs)
        out["values"] = [public(row) for _, row in out.iterrows()]
        out["class_"] = [_agencies.class_of(a) for a in out["agency"]]
        out = out.assign(mark=np.where(out["door"], "dot", "house"), scale=1.0, tint=None, level=0)
        up = out["state"].isin(["fresh", "late"])
        offline, alarm = up & out["door"] & (out["reader"] == "offline"), out["alarm_time"].notna()
        out.loc[offline, ["state", "level", "mark", "alpha"]] = ["silent", LEVEL_OFFLINE, "level", 1.0]
        out.loc[alarm & up, ["state", "level", "mark", "alpha"]] = ["fresh", LEVEL_ALARM, "level", 1.0]
        dumb = ~out["door"] & out["present"].isna() & ~out["hidden"] & up
        out.loc[dumb, "state"] = "planned"
        return gpd.GeoDataFrame(states.ordered(out), crs=rows.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        door = frame["door"].astype(bool) if len(frame) else pd.Series(dtype=bool)
        houses = frame[~door] if len(frame) else frame
        weight = pd.to_numeric(houses["total"]).tolist() if len(houses) else []
        beside = doors(frame[door] if len(frame) else frame, view)
        px, r = _houses.px_m(view), GLYPH_PX
        taken = [
            (x / px - r, -y / px - r, x / px + r, -y / px + r) for x, y in zip(beside["x"], beside["y"], strict=True)
        ]
        return hv.Overlay([elements.of(_houses.apart(houses, view, weight, step=1, taken=taken)), elements.of(beside)])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        door = frame["door"].astype(bool) if len(frame) else pd.Series(dtype=bool)
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        heard, office = state.isin(["fresh", "late"]), ~door
        kind = frame["class_"].fillna("other") if len(frame) else pd.Series(dtype=object)
        few = frame["hidden"].astype(bool) & heard if len(frame) else heard
        told = office & heard & ~few
        rows: list[tuple[str, str, str, str, int, float | None, int]] = [
            ("house", vi, en, "fresh", 0, 0.8, int((told & (kind == name)).sum()))
            for name, (vi, en) in _agencies.CLASSES.items()
        ]
        least = catalogue.service(self.service).minimum_cell
        few_vi, few_en = f"dưới {least} người, không hiện số", f"under {least} people, not told"
        dumb, lost = int((state == "planned").sum()), int((state == "unknown").sum())
        silent, good = int((office & (state == "silent")).sum()), int((door & heard & (level == 0)).sum())
        offline, alarm = (int((level == step).sum()) for step in (LEVEL_OFFLINE, LEVEL_ALARM))
        rows += [
            ("house", few_vi, few_en, "fresh", 0, 0.0, int(few.sum())),
            ("house", "chưa có số liệu", "no figures yet", "planned", 0, None, dumb),
            ("house", "mất báo cáo", "no report", "silent", 0, None, silent),
            ("dot", "cửa, đầu đọc hoạt động", "doors in order", "fresh", 0, None, good),
            ("level", "đầu đọc mất kết nối", "reader offline", "silent", LEVEL_OFFLINE, None, offline),
            ("level", "cửa báo động", "door alarm", "fresh", LEVEL_ALARM, None, alarm),
            ("house", "chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, None, lost),
        ]
        return [
            LegendItem(mark=mark, title_vi=vi, title_en=en, state=look, level=step, due=due, count=n)
            for mark, vi, en, look, step, due, n in rows
            if n
        ]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        return int(pd.to_numeric(frame["present"]).sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {("Cơ quan" if vi else "Agency"): _houses.text_of(row, "name") or str(row.name)}
        facts |= door_facts(row, language) if row["door"] else office_facts(row, language)
        if group := _agencies.class_words(row.get("agency"), language):
            facts["Nhóm cơ quan" if vi else "Class"] = group
        planned = "chưa có số liệu" if vi else "no figures yet"
        offline = "đầu đọc mất kết nối" if vi else "reader offline"
        said = planned if row["state"] == "planned" else states.said(row["state"], language)
        facts["Đếm lúc" if vi else "Counted"] = words.moment(row["time"])
        facts["Mã" if vi else "Id"] = _houses.short_id(row)
        facts["Trạng thái" if vi else "State"] = offline if row["level"] == LEVEL_OFFLINE else said
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def door_events(events: gpd.GeoDataFrame, view: View) -> dict[str, dict[str, Any]]:
    """By door: how many alarms, refused cards and passages after hours in the window, and ``time`` of an alarm that
    still stands.
    """
    found: dict[str, dict[str, Any]] = {}
    end = pd.Timestamp(view.end)
    for event in events.to_dict("records") if len(events) else []:
        kind, thing = EVENTS.get(str(event.get("category"))), event.get("thing_id")
        if kind is None or not isinstance(thing, str):
            continue
        counts = found.setdefault(thing, dict.fromkeys(DOORS, 0))
        counts[kind] += 1
        until = event.get("end_time")
        until = event["time"] + ALARM_KEEPS if until is None or pd.isna(until) else until
        if kind == "alarms" and event["time"] <= end < until:
            counts["time"] = event["time"]
    return found


def presence(row: pd.Series[Any]) -> dict[str, Any]:
    """``present``, ``total``, ``due`` (their share), ``text``, ``hidden`` of one row."""
    here, total = _shading.number(row, "present"), _shading.number(row, "present", "denominator")
    least = catalogue.service(StaffCards.service).minimum_cell
    hidden = bool(np.isfinite(here)) and not small_numbers.told(here, least)
    if hidden:
        here = np.nan
    few = np.isfinite(total) and not small_numbers.told(total, least)
    total = np.nan if few else total
    share = small_numbers.share(here, total)
    text = f"<{least}" if hidden else _houses.of_words(here, total, "vi") if np.isfinite(here) else None
    due = 0.0 if hidden else np.nan if share is None else share
    return {"present": here, "total": total, "due": due, "text": text, "hidden": hidden}


def public(row: pd.Series[Any]) -> dict[str, Any]:
    """``values`` without the counts of too few people."""
    values = row["values"] if isinstance(row["values"], dict) else {}
    least = catalogue.service(StaffCards.service).minimum_cell
    people = {"present", "cards_active", "visitors", "taps"}
    return {k: v for k, v in values.items() if k not in people or small_numbers.told(v.get("result"), least)}


def doors(rows: gpd.GeoDataFrame, view: View) -> pd.DataFrame:
    """Rows of ``Marks``, at the left of their office: alarms always, readers offline near, doors in order nearest."""
    placed = rows[~(rows.geometry.isna() | rows.geometry.is_empty)] if len(rows) else rows
    level = placed["level"].astype(int) if len(placed) else pd.Series(dtype=int)
    shown = placed[level >= shown_from(view)] if len(placed) else placed
    if shown.empty:
        return pd.DataFrame({"x": [], "y": [], "mark": [], "id": []})
    inner = shapely.point_on_surface(shown.geometry.to_numpy())
    x, y = mercator_xy(shapely.get_x(inner), shapely.get_y(inner))
    plain = pd.DataFrame(shown[["mark", "state", "level", "alpha"]])
    px = _houses.px_m(view)
    plain["scale"] = np.where(shown["level"].astype(int) > 0, GLYPH_SCALE, _houses.SCALE_DOT)
    return plain.assign(x=x - DOOR_LEFT_PX * px, y=y + _houses.STEP_PX * px, id=shown.index.astype(str))


def shown_from(view: View) -> int:
    """The least level of a door that is drawn at the view's zoom."""
    return 0 if view.zoom >= DOOR_FROM else LEVEL_OFFLINE if view.zoom >= _houses.NEAR else LEVEL_ALARM


def office_facts(row: pd.Series[Any], language: str) -> dict[str, str]:
    """How many are in, and what the last working day came to."""
    vi = language == "vi"
    least = catalogue.service(StaffCards.service).minimum_cell
    n = _houses.of_words(row["present"], row["total"], language)
    share = f" ({words.percent(row['due'], 0, language)})" if np.isfinite(row["due"]) and not row["hidden"] else ""
    few = f"dưới {least} người, không hiện số" if vi else f"under {least} people, not told"
    facts = {("Có mặt" if vi else "Present"): few if row["hidden"] else n + share}
    for one in catalogue.service(StaffCards.service).observed_properties:
        value = _shading.number(row, one.id)
        if one.id in {"present", "reader_state"} or not np.isfinite(value):
            continue
        title = one.title_vi if vi else one.title_en
        facts[title] = (
            late_words(row, language) if one.id == "late_rate" else words.quantity(value, one.unit, 0, language)
        )
        day = row["values"][one.id].get("time")
        facts["Số liệu ngày" if vi else "Figures of"] = words.moment(day, day_only=True)
    return facts


def late_words(row: pd.Series[Any], language: str) -> str:
    """The share that came late with how many of how many; never of fewer than the minimum cell."""
    rate, top, of = (_shading.number(row, "late_rate", field) for field in ("result", "numerator", "denominator"))
    least = catalogue.service(StaffCards.service).minimum_cell
    if np.isfinite(top) and not small_numbers.told(top, least):
        return f"dưới {least} người, không hiện số" if language == "vi" else f"under {least} people, not told"
    n = f" ({_houses.of_words(top, of, language)})" if np.isfinite(of) else ""
    return f"{words.number(rate, 1, language)}%{n}"


def door_facts(row: pd.Series[Any], language: str) -> dict[str, str]:
    """What the door told in the window: its reader, alarms, refused cards, passages after hours; never whose."""
    vi = language == "vi"
    reader = {"online": "hoạt động" if vi else "online", "offline": "mất kết nối" if vi else "offline"}
    alarm = words.moment(row["alarm_time"]) if pd.notna(row["alarm_time"]) else ""
    standing = (f", đang báo từ {alarm}" if vi else f", standing since {alarm}") if alarm else ""
    return {
        ("Đầu đọc" if vi else "Reader"): reader.get(str(row["reader"]), "chưa rõ" if vi else "unknown"),
        ("Cửa báo động trong ngày" if vi else "Door alarms of the day"): f"{int(row['alarms'])}{standing}",
        ("Thẻ bị từ chối" if vi else "Cards refused"): words.number(row["refused"], 0, language),
        ("Lượt ngoài giờ" if vi else "Passages after hours"): words.number(row["after_hours"], 0, language),
    }
