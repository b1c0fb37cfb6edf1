"""One-stop offices in words: rates with their n and days, work in hand, the marks of Decision 766/QĐ-TTg."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geodata import catalogue
from geodata.rules import small_numbers
from layers import _houses, _shading, words
from layers._dossiers import CASES

SERVICE = "public_services"
SCORES = ("score_transparency", "score_progress", "score_digitisation", "score_online", "score_satisfaction")
RATES = ("online_rate", "online_payment_rate", "digitised_rate", "satisfaction_rate")

LOAD_DAYS = 10
"""Working days of intake in hand at which a house is full; this program's own measure."""


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
    vi, known = language == "vi", {one.id: one for one in catalogue.service(SERVICE).observed_properties}
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
