"""Roads, junctions and incidents in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geodata import catalogue
from geodata.rules.masking import masked
from layers import _incidents, _rows, states, words
from layers._road_rows import FREE_SPEED, SIGNALS
from layers._rows import number, text

SERVICE = "traffic"
RUNS: Mapping[str, tuple[str, str]] = {
    "free": ("thông thoáng", "free"),
    "slow": ("đi chậm", "slow"),
    "jammed": ("ùn tắc", "jammed"),
    "closed": ("không có xe qua", "nothing passes"),
}
MEASURED = ("speed", "flow", "occupancy", "travel_time", "queue_length")


def facts(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """What is it, how does it run, how fast against how fast it may, then how old that is."""
    if row["what"] == "incident":
        return incident(row, language)
    if row["what"] == "vehicle":
        return vehicle(row, language)
    vi, values = language == "vi", row["values"]
    segment = row["what"] == "segment"
    key = ("Đoạn đường" if vi else "Road") if segment else ("Nút giao" if vi else "Junction")
    told = {key: text(row["name"]) or str(row.name)}
    if segment or text(row["runs"]):
        told["Tình trạng" if vi else "Runs"] = runs(row, language)
    signal = SIGNALS.get(str(values.get("signal_state")))
    if signal:
        told["Đèn tín hiệu" if vi else "Signals"] = signal[0 if vi else 1]
    known = {one.id: one for one in catalogue.service(SERVICE).observed_properties}
    for name in MEASURED:
        value = number(values.get(name))
        if value is not None and name in known:
            one = known[name]
            told[one.title_vi if vi else one.title_en] = words.quantity(value, one.unit, one.decimals, language)
    free = next((found for name in FREE_SPEED if (found := number(_rows.more(row).get(name))) is not None), None)
    if free is not None:
        told["Tốc độ cho phép" if vi else "Speed limit"] = words.quantity(free, "km/h", 0, language)
    told["Trạng thái" if vi else "State"] = state(row, language)
    told["Số đo lúc" if vi else "Measured"] = words.moment(row["time"]) if values else words.NOTHING
    told["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"]) if values else words.NOTHING
    return told


def runs(row: pd.Series[Any], language: str) -> str:
    """As "ùn tắc, mức phục vụ F"."""
    vi, found = language == "vi", RUNS.get(str(row["runs"]))
    if found is None:
        return "chưa rõ" if vi else "not known"
    grade = text(row["grade"])
    said = found[0 if vi else 1]
    return f"{said}, {'mức phục vụ' if vi else 'level of service'} {grade}" if grade else said


def state(row: pd.Series[Any], language: str) -> str:
    """In words; a place of which the source tells no results is said to have none."""
    if not row["values"] and row["state"] != "unknown":
        return "chưa có số đo" if language == "vi" else "not measured"
    return states.said(row["state"], language)


def incident(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """What, where, since when, how bad. Numbers of plates and telephones in its texts are masked."""
    vi = language == "vi"
    told = {("Sự cố" if vi else "Incident"): _rows.title(SERVICE, row["category"], language)}
    if (title := text(row.get("title"))) is not None:
        told["Nội dung" if vi else "What"] = masked(title)
    told |= {
        ("Nơi" if vi else "Where"): _incidents.where(row, language),
        ("Bắt đầu" if vi else "Began"): words.moment(row["time"]),
        ("Mức" if vi else "Level"): _incidents.level_words(row, language),
    }
    if (expected := text(_rows.more(row).get("expected_end"))) is not None:
        told["Dự kiến xong" if vi else "Expected end"] = expected
    told["Trạng thái" if vi else "State"] = _incidents.lasting(row, language)
    told["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
    return told


def vehicle(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """A vehicle without its plate: how fast, where to, how old."""
    vi = language == "vi"
    speed = number(row.get("sog_kn"))
    return {
        ("Phương tiện" if vi else "Vehicle"): _rows.title(SERVICE, row["category"], language),
        ("Tốc độ" if vi else "Speed"): words.quantity(None if speed is None else speed * 1.852, "km/h", 0, language),
        ("Trạng thái" if vi else "State"): states.said(row["state"], language),
        ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["time"]),
    }
