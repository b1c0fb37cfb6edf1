"""Incidents of public order and units on duty in words. Never a name: free text of this service is not shown at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from layers import _incidents, _rows, states, words
from layers._rows import number, text

SERVICE = "public_order"
KMH_OF_KN = 1.852


def facts(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """Of an incident: what, where, how bad, since when; of a unit: which, how fast; then state and age."""
    return incident(row, language) if row["what"] == "incident" else unit(row, language)


def incident(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    vi = language == "vi"
    return {
        ("Vụ việc" if vi else "Incident"): _rows.title(SERVICE, row["category"], language),
        ("Nơi" if vi else "Where"): _incidents.where(row, language),
        ("Mức" if vi else "Level"): _incidents.level_words(row, language),
        ("Bắt đầu" if vi else "Began"): words.moment(row["time"]),
        ("Kết thúc" if vi else "Ended"): words.moment(None if row["open"] else row["end_time"]),
        ("Trạng thái" if vi else "State"): _incidents.lasting(row, language),
        ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["time"]),
    }


def unit(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    vi, speed = language == "vi", number(row.get("sog_kn"))
    told = {
        ("Loại" if vi else "Kind"): _rows.title(SERVICE, row["category"], language),
        ("Đơn vị" if vi else "Unit"): text(row["name"]) or ("không nêu tên" if vi else "not named"),
    }
    if row["what"] == "unit":
        moving = None if speed is None else speed * KMH_OF_KN
        told["Tốc độ" if vi else "Speed"] = words.quantity(moving, "km/h", 0, language)
    return told | {
        ("Trạng thái" if vi else "State"): states.said(row["state"], language),
        ("Tin cuối" if vi else "Last heard"): words.moment(row["time"]),
        ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["time"]),
    }


def safe_name(name: Any, *, fixed: bool) -> str | None:
    """A unit's name where it names a unit: a post, or a call sign with a number. Others may be a person's."""
    found = text(name)
    return found if found and (fixed or any(letter.isdigit() for letter in found)) else None
