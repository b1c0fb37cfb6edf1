"""What a warning says, in Vietnamese and English: the bulletin's own words first, ours only around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geodata import catalogue
from layers import words

LEVELS = {
    1: ("theo dõi", "watch"),
    2: ("chú ý", "attention"),
    3: ("cần xử lý ngay", "act now"),
    4: ("khẩn cấp", "emergency"),
    5: ("thảm họa", "catastrophe"),
}
NO_AREA = ("the area is not told", "bản tin không nêu vùng")
LOST = ("feed down, the bulletin may have been changed", "mất nguồn, bản tin có thể đã thay đổi")
NO_END = ("until further notice", "đến khi có bản tin mới")
SIGNATURES = {
    "verified": ("signature verified", "chữ ký số đã kiểm"),
    "not_verified": ("signed, signature not verified", "có chữ ký số, chưa kiểm"),
}
DRILL_WORDS = {"Exercise": ("EXERCISE", "DIỄN TẬP"), "Test": ("TEST", "THỬ")}
URGENCY = {"Immediate": "ngay", "Expected": "trong giờ tới", "Future": "sắp tới", "Past": "đã qua"}
CERTAINTY = {"Observed": "đã quan sát", "Likely": "nhiều khả năng", "Possible": "có thể", "Unlikely": "ít khả năng"}
CAP_SEVERITY = {"Extreme": "rất nghiêm trọng", "Severe": "nghiêm trọng", "Moderate": "vừa", "Minor": "nhẹ"}
MOST_LETTERS = 34
"""Of the words beside a glyph."""


def text(value: object) -> str | None:
    """A text with single spaces; None for nothing of it."""
    return " ".join(value.split()) or None if isinstance(value, str) else None


def properties(row: pd.Series[Any]) -> Mapping[str, Any]:
    found = row.get("properties")
    return found if isinstance(found, Mapping) else {}


def translated(row: pd.Series[Any], name: str, language: str) -> str | None:
    """A text of the bulletin in that language, else as it was written."""
    others = properties(row).get("languages")
    for tongue, told in others.items() if isinstance(others, Mapping) else ():
        if str(tongue).casefold().startswith(language) and isinstance(told, Mapping) and text(told.get(name)):
            return text(told.get(name))
    return text(row.get(name))


def headline(row: pd.Series[Any], language: str) -> str:
    """The headline, else the event, else the hazard's name in the catalogue."""
    known = catalogue.service("warnings").category(text(properties(row).get("hazard")) or "other")
    ours = (known.title_vi if language == "vi" else known.title_en) if known else words.NOTHING
    return translated(row, "headline", language) or translated(row, "event", language) or ours


def event(row: pd.Series[Any], language: str = "vi") -> str:
    """The few words that stand on the map: the bulletin's, or the kind of hazard where those are too many."""
    said = translated(row, "event", language) or headline(row, language)
    if len(said) <= MOST_LETTERS:
        return said
    known = catalogue.service("warnings").category(text(properties(row).get("hazard")) or "other")
    short = None if known is None else known.title_vi if language == "vi" else known.title_en
    if short is not None and len(short) <= MOST_LETTERS:
        return short
    return said[:MOST_LETTERS].rsplit(" ", 1)[0].rstrip(" ,;:–-")


def level(row: pd.Series[Any], language: str) -> str:
    """The level with where it comes from: the official risk level as the bulletin tells it, else CAP's severity."""
    vi, said = language == "vi", int(row["said"])
    word = LEVELS[said][0 if vi else 1]
    severity = text(row.get("severity"))
    if official(row):
        return f"rủi ro thiên tai cấp {said}, {word}" if vi else f"disaster risk level {said}, {word}"
    if severity in CAP_SEVERITY:
        return (
            f"cấp {said}, {word} (CAP: {CAP_SEVERITY[severity]})" if vi else f"level {said}, {word} (CAP: {severity})"
        )
    return (
        f"cấp {said}, {word}; bản tin không nêu mức" if vi else f"level {said}, {word}; the bulletin tells no severity"
    )


def official(row: pd.Series[Any]) -> bool:
    """Whether the level is the bulletin's own risk level and not read from CAP's severity."""
    return bool(row.get("is_official"))


def drill(row: pd.Series[Any], language: str) -> str:
    vi = language == "vi"
    if row["status"] == "Exercise":
        return "diễn tập, không phải cảnh báo thật" if vi else "exercise, no real warning"
    return "bản tin thử, không phải cảnh báo thật" if vi else "test message, no real warning"


def times(row: pd.Series[Any], language: str) -> dict[str, str]:
    """From when and until when, and how long that still is."""
    vi = language == "vi"
    start = row["onset"] if not pd.isna(row["onset"]) else row["effective"]
    facts = {}
    if not pd.isna(start):
        coming = row["phase"] == "coming"
        label = ("Bắt đầu" if vi else "Begins") if coming else ("Từ" if vi else "Since")
        facts[label] = words.moment(start)
    if pd.isna(row["expires"]):
        facts["Hiệu lực" if vi else "In force"] = NO_END[vi]
        return facts
    left = words.age(row["left_s"], language)
    assumed = properties(row).get("expires_assumed")
    guess = (" (bản tin không nêu, tự tính)" if vi else " (not told, assumed)") if assumed else ""
    facts["Hết hiệu lực" if vi else "Expires"] = (
        f"{words.moment(row['expires'])}, {'còn' if vi else 'in'} {left}{guess}"
    )
    return facts


def urgency(row: pd.Series[Any], language: str) -> str:
    """CAP's urgency and certainty."""
    parts = [text(row.get("urgency")), text(row.get("certainty"))]
    if language == "vi":
        parts = [(URGENCY | CERTAINTY).get(part or "") for part in parts]
    return ", ".join(p for p in parts if p and p != "Unknown") or ("chưa rõ" if language == "vi" else "unknown")


def sender(row: pd.Series[Any], language: str) -> str:
    """Who issued it, and whether a signature of theirs was looked at."""
    name = translated(row, "sender_name", language) or text(row.get("sender")) or words.NOTHING
    signature = SIGNATURES.get(text(properties(row).get("signature")) or "")
    return f"{name} ({signature[language == 'vi']})" if signature else name


def lines(row: pd.Series[Any], language: str = "vi") -> tuple[str, str]:
    """The two lines on the map: what, and from or until when; of a drill the word for it."""
    vi = language == "vi"
    if row["drill"]:
        return DRILL_WORDS[row["status"]][vi], event(row, language)
    if row["phase"] == "coming":
        start = row["onset"] if not pd.isna(row["onset"]) else row["effective"]
        return event(row, language), f"{'từ' if vi else 'from'} {clock(start)}"
    if pd.isna(row["expires"]):
        return event(row, language), NO_END[vi]
    return event(row, language), f"{'đến' if vi else 'until'} {clock(row['expires'])}"


def clock(value: pd.Timestamp) -> str:
    """As "19:30 22/11"."""
    return f"{words.clock(value)} {words.moment(value, day_only=True)[:5]}"
