"""Buses, stops and notices to passengers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geodata.rules import punctuality
from geodata.rules.masking import masked
from layers import _incidents, _rows, states, words
from layers._rows import number, text

SERVICE = "buses"
KMH_OF_KN = 1.852
CROWDED: Mapping[str, tuple[str, str]] = {
    "EMPTY": ("vắng", "empty"),
    "MANY_SEATS_AVAILABLE": ("còn nhiều chỗ", "many seats"),
    "FEW_SEATS_AVAILABLE": ("còn ít chỗ", "few seats"),
    "STANDING_ROOM_ONLY": ("chỉ còn chỗ đứng", "standing room"),
    "CRUSHED_STANDING_ROOM_ONLY": ("chật, còn ít chỗ đứng", "crushed"),
    "FULL": ("đầy", "full"),
    "NOT_ACCEPTING_PASSENGERS": ("không đón khách", "takes no passengers"),
    "NOT_BOARDABLE": ("không đón khách", "not boardable"),
}
"""The words of GTFS-realtime's OccupancyStatus."""


def facts(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """Which line and where to, how late, how full, how fast; then state and age. Never a plate."""
    if row["what"] == "notice":
        return notice(row, language)
    vi, own = language == "vi", _rows.more(row)
    if row["what"] == "stop":
        told = {("Điểm dừng" if vi else "Stop"): text(row["name"]) or str(row.name)}
        return told | {("Trạng thái" if vi else "State"): states.said(row["state"], language)}
    line = " · ".join(part for part in (text(own.get("route")), text(own.get("route_name"))) if part)
    told = {("Tuyến" if vi else "Line"): line or ("chưa nhận tuyến" if vi else "on no line")}
    for title_vi, title_en, value in (("Đi về", "Bound for", own.get("headsign")), ("Xe", "Bus", row["name"])):
        if text(value):
            told[title_vi if vi else title_en] = str(text(value))
    speed = number(row.get("sog_kn"))
    told |= {
        ("Giờ chạy" if vi else "Timetable"): delay(number(row["delay_s"]), language),
        ("Mức đông" if vi else "Occupancy"): crowd(row["values"], language),
        ("Tốc độ" if vi else "Speed"): words.quantity(
            None if speed is None else speed * KMH_OF_KN, "km/h", 0, language
        ),
        ("Trạng thái" if vi else "State"): states.said(row["state"], language),
        ("Vị trí lúc" if vi else "Last fix"): words.moment(row["time"], seconds=True),
        ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["time"]),
    }
    return told


def delay(seconds: float | None, language: str) -> str:
    """As "đúng giờ", "chậm 7 phút", "sớm 2 phút"."""
    vi, found = language == "vi", punctuality.punctuality(seconds)
    if found is None or seconds is None:
        return "chưa rõ" if vi else "not known"
    if found == "on_time":
        return "đúng giờ" if vi else "on time"
    span = words.age(abs(seconds), language)
    if found == "early":
        return f"sớm {span}" if vi else f"{span} early"
    return f"chậm {span}" if vi else f"{span} late"


def crowd(values: Mapping[str, Any], language: str) -> str:
    """As "còn ít chỗ, 62%"."""
    said = CROWDED.get(str(values.get("occupancy_status")))
    share = number(values.get("occupancy"))
    parts = [said[0 if language == "vi" else 1]] if said else []
    if share is not None:
        parts.append(words.quantity(share, "%", 0, language))
    return ", ".join(parts) or words.NOTHING


def notice(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """What passengers are told, for which lines, from when to when."""
    vi, own = language == "vi", _rows.more(row)
    told = {("Thông báo" if vi else "Notice"): _rows.title(SERVICE, row["category"], language)}
    for title_vi, title_en, name in (("Nội dung", "What", "title"), ("Chi tiết", "Detail", "description")):
        if (found := text(row.get(name))) is not None:
            told[title_vi if vi else title_en] = masked(found)
    lines = own.get("routes")
    named = ", ".join(str(line) for line in lines) if isinstance(lines, list) and lines else None
    told |= {
        ("Tuyến" if vi else "Lines"): named or ("mọi tuyến" if vi else "all lines"),
        ("Từ" if vi else "From"): words.moment(row["time"]),
        ("Đến" if vi else "Until"): words.moment(row["end_time"]),
        ("Trạng thái" if vi else "State"): _incidents.lasting(row, language),
    }
    return told
