"""A camera in words: its picture, where it looks, what was seen there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from geodata.rules import sight
from layers import _incidents, _rows, states, words
from layers._camera_rows import LEVEL_UNHEARD, PICTURE
from layers._rows import number, text

SERVICE = "cameras"
WAYS_VI = ("bắc", "đông bắc", "đông", "đông nam", "nam", "tây nam", "tây", "tây bắc")
WAYS_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


def facts(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """In the order a duty officer asks: does it show something, since when not, what was seen, where to, whose."""
    vi, own = language == "vi", _rows.more(row)
    told = {
        "Camera": text(row["name"]) or str(row.name),
        ("Hình" if vi else "Picture"): picture(row, language),
        ("Hình cuối" if vi else "Last picture"): last(row, language),
    }
    if text(row["seen"]):
        told["Phát hiện" if vi else "Detected"] = seen(row, language)
    told |= {
        ("Hướng nhìn" if vi else "Looks to"): way(row, language),
        ("Tầm nhìn" if vi else "Sees as far as"): reach(row, language),
        ("Loại" if vi else "Kind"): _rows.title(SERVICE, row["category"], language),
    }
    operator = own.get("operator") or row["agency"]
    for title_vi, title_en, value in (
        ("Chủ quản", "Owner", own.get("owner")),
        ("Vận hành", "Operator", operator),
        ("Dự án", "Project", own.get("project")),
    ):
        if text(value):
            told[title_vi if vi else title_en] = str(text(value))
    for name, title_vi, title_en in (("people_count", "Số người", "People"), ("vehicle_count", "Số xe", "Vehicles")):
        if (count := number(row["values"].get(name))) is not None:
            told[title_vi if vi else title_en] = words.number(count, 0, language)
    told["Trạng thái" if vi else "State"] = state(row, language)
    told["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
    return told


def detection(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """Of a detection at a camera that is not listed."""
    vi = language == "vi"
    return {
        ("Phát hiện" if vi else "Detected"): _rows.title(SERVICE, row["category"], language),
        ("Mức" if vi else "Level"): _incidents.level_words(row, language),
        ("Camera"): "không có trong danh mục" if vi else "not in the inventory",
        ("Bắt đầu" if vi else "Began"): words.moment(row["time"]),
        ("Trạng thái" if vi else "State"): _incidents.lasting(row, language),
    }


def picture(row: pd.Series[Any], language: str) -> str:
    """The state of the picture; of a lost feed the last one known."""
    vi, known = language == "vi", PICTURE.get(str(row["picture"]))
    if known is None:
        return "nguồn không nêu" if vi else "not told by the source"
    said = known[0 if vi else 1]
    if row["state"] == "unknown":
        return f"lần cuối: {said}" if vi else f"last known: {said}"
    return said


def last(row: pd.Series[Any], language: str) -> str:
    """Moment and age of the newest picture, at the clock of the view."""
    taken: datetime | None = row["picture_time"]
    if pd.isna(taken):
        return words.NOTHING
    age_s = (row["time"] - taken).total_seconds() + (number(row["age_s"]) or 0.0)
    return f"{words.moment(taken)}, {words.age(age_s, language, at=taken)}"


def seen(row: pd.Series[Any], language: str) -> str:
    """As "Ngập nước, mức 3, 26 phút"."""
    level = f"{'mức' if language == 'vi' else 'level'} {int(row['seen_level'])}"
    return ", ".join((_rows.title(SERVICE, row["seen"], language), level, words.age(row["seen_s"], language)))


def way(row: pd.Series[Any], language: str) -> str:
    """As "310° tây bắc, góc 95°"; an angle that was not told is said to be assumed."""
    vi = language == "vi"
    azimuth, fov = number(row["azimuth_deg"]), number(row["fov_deg"])
    if azimuth is None:
        return "chưa khai báo" if vi else "not declared"
    name = (WAYS_VI if vi else WAYS_EN)[round(azimuth / 45) % 8]
    if fov is None:
        wide = f"góc {sight.FOV_ASSUMED_DEG:.0f}° (giả định)" if vi else f"angle {sight.FOV_ASSUMED_DEG:.0f}° (assumed)"
    else:
        wide = f"{'góc' if vi else 'angle'} {fov:.0f}°"
    return f"{round(azimuth) % 360}° {name}, {wide}"


def reach(row: pd.Series[Any], language: str) -> str:
    """As "120 m"; a reach that was not told is said to be assumed."""
    told = number(row["range_m"])
    if told is None or told <= 0:
        assumed = words.quantity(sight.RANGE_ASSUMED_M, "m", 0, language)
        return f"{assumed} ({'giả định' if language == 'vi' else 'assumed'})"
    return words.quantity(told, "m", 0, language)


def state(row: pd.Series[Any], language: str) -> str:
    """The state of the camera: lost picture, or as its feed is heard."""
    vi, fault = language == "vi", int(row["fault"])
    if row["state"] != "unknown" and fault > LEVEL_UNHEARD:
        return "mất hình" if vi else "picture lost"
    if row["state"] == "silent":
        return "không có tin về camera này" if vi else "nothing heard of this camera"
    return states.said(row["state"], language)
