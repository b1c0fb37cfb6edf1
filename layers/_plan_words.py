"""Plans, projects and violations in words, in the order in which an officer asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geodata.rules import project
from geodata.view import View
from layers import _assets as assets
from layers import _features as features
from layers import words

SETTLED = ("da xu ly", "hoan thanh", "da dong", "closed", "resolved", "settled")
"""Beginnings of a status, without marks."""

STANDING = {
    "done": ("đã hoàn thành", "done"),
    "unsaid": ("chưa báo tiến độ", "progress not told"),
    "on_time": ("đúng tiến độ", "on time"),
    "behind": ("chậm so với kế hoạch", "behind its plan"),
    "late": ("quá hạn", "overdue"),
}


def is_settled(row: Mapping[str, Any], view: View) -> bool:
    """Whether a violation is over at the view's clock."""
    end = row["end_time"]
    if not pd.isna(end):
        return bool(end <= pd.Timestamp(view.end))
    return features.folded(row["status"]).startswith(SETTLED)


def violation(row: pd.Series[Any], language: str) -> dict[str, str]:
    """When it was found, what has become of it."""
    vi = language == "vi"
    facts = {("Phát hiện" if vi else "Found"): words.moment(row["time"])}
    if status := assets.text_of(row["status"]):
        facts["Xử lý" if vi else "Handling"] = status
    if not pd.isna(row["end_time"]):
        facts["Xử lý xong" if vi else "Settled"] = words.moment(row["end_time"])
    return facts


def plan(row: pd.Series[Any], language: str) -> dict[str, str]:
    """Decision, validity, progress, money; of a permit its number and floors."""
    vi, more, facts = language == "vi", row["properties"], {}
    if decision := assets.text_of(features.field(more, "decision")):
        day = features.day_words(features.field(more, "decided"))
        facts["Quyết định" if vi else "Decision"] = f"{decision}, {day}" if day else decision
    if valid := features.validity(row, language):
        facts["Hiệu lực" if vi else "Valid"] = valid
    standing = row["standing"]
    if isinstance(standing, project.Standing):
        facts |= works(standing, more, language)
    for meaning, title_vi, title_en in (
        ("status", "Giai đoạn", "Stage"),
        ("land", "Chức năng đất", "Land use"),
        ("permit", "Số giấy phép", "Permit no."),
        ("floors", "Số tầng", "Floors"),
        ("manager", "Đơn vị quản lý", "Managed by"),
    ):
        if (told := assets.text_of(features.field(more, meaning))) is not None:
            facts[title_vi if vi else title_en] = told
    return facts


def works(standing: project.Standing, more: Any, language: str) -> dict[str, str]:
    """Progress against plan, dates, capital of a project."""
    vi = language == "vi"
    vi_words, en_words = STANDING[standing.name]
    parts = [vi_words if vi else en_words]
    done = assets.number_of(features.field(more, "progress"))
    if done is not None:
        parts.insert(0, words.percent(done / 100, 0, language))
    if standing.over_d:
        days = words.number(standing.over_d, 0, language)
        parts[-1] += f" {days} ngày" if vi else f" by {days} days"
    elif standing.planned is not None and standing.name in {"on_time", "behind"}:
        share = words.percent(standing.planned, 0, language)
        parts.append(f"kế hoạch {share}" if vi else f"planned {share}")
    facts = {("Tiến độ" if vi else "Progress"): ", ".join(parts)}
    for meaning, title in (("begin", ("Khởi công", "Begun")), ("finish", ("Hoàn thành dự kiến", "To be finished"))):
        if day := features.day_words(features.field(more, meaning)):
            facts[title[0 if vi else 1]] = day
    capital = assets.number_of(features.field(more, "capital"))
    if capital is not None:
        facts["Vốn" if vi else "Capital"] = f"{words.number(capital, 0, language)} {'tỷ đồng' if vi else 'bn VND'}"
    return facts
