"""Numbers, ages and moments in words, as the style guide has them: decimal comma, dd/MM/yyyy, "7 giờ 12"."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from geodata.unit_words import unit_word

Language = str
"""``vi``, or anything else for English."""

MINUTE, HOUR, DAY = 60, 3600, 86400
OLD_S = 30 * DAY
NOTHING = "–"
THIN = "\u2009"

EXACT = Context(prec=400)
"""Wide enough for every finite float."""


@cache
def locale(language: str) -> Locale:
    return Locale.parse("vi_VN" if language == "vi" else "en_GB")


def number(value: float | None, decimals: int = 0, language: Language = "vi") -> str:
    """1.234,5 in Vietnamese; a true minus; "–" for nothing. Half-up, so that 0,5 is 1 on every page."""
    if value is None or not math.isfinite(value):
        return NOTHING
    written = Decimal(repr(abs(float(value))))  # as it is printed: 0.145 is a half, its binary neighbour is not
    with localcontext(EXACT):
        rounded = written.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        text = format_decimal(rounded, "#,##0" + ("." + "0" * decimals if decimals else ""), locale(language))
    return f"−{text}" if value < 0 and rounded else text


def percent(value: float | None, decimals: int = 1, language: Language = "vi") -> str:
    """A share (0–1) as 94,1% without a space."""
    return NOTHING if value is None or not math.isfinite(value) else f"{number(value * 100, decimals, language)}%"


def remaining(seconds: float, language: Language) -> str:
    """Until a deadline, or since it passed: "còn 1 giờ 16", "quá 1 ngày"."""
    span = age(abs(seconds), language)
    if seconds >= 0:
        return f"còn {span}" if language == "vi" else f"{span} left"
    return f"quá {span}" if language == "vi" else f"{span} over"


def quantity(value: float | None, unit: str | None, decimals: int = 0, language: Language = "vi") -> str:
    """A number with its unit (UCUM, as ``geodata.unit_words`` reads it) after a thin space; no space before %."""
    text, word = number(value, decimals, language), unit_word(unit, language)
    if text == NOTHING or not word:
        return text
    return text + ("" if word == "%" else THIN) + word


def large(value: float, language: Language = "vi") -> str:
    """For the wall: 1,2 triệu; under ten thousand the number itself."""
    # from what rounds up to the larger word on: 999.960 is 1,0 triệu, never 1.000,0 nghìn
    for least, base, vi, en in (
        (999_950_000, 1e9, "tỷ", "bn"),
        (999_950, 1e6, "triệu", "m"),
        (9_999.5, 1e3, "nghìn", "k"),
    ):
        if abs(value) >= least:
            return f"{number(value / base, 1, language)} {vi if language == 'vi' else en}"
    return number(value, 0, language)


def age(
    seconds: float | None,
    language: Language = "vi",
    *,
    at: datetime | None = None,
    tz: str | tzinfo = "Asia/Ho_Chi_Minh",
) -> str:
    """As "8 giây", "26 phút", "7 giờ 12", "4 ngày"; over thirty days the date, given the moment ``at`` of the value."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds, vi = max(seconds, 0.0), language == "vi"
    if seconds < MINUTE:
        return f"{int(seconds)} {'giây' if vi else 's'}"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} {'phút' if vi else 'min'}"
    if seconds < DAY:
        hours, minutes = divmod(int(seconds // MINUTE), 60)
        return f"{hours} {'giờ' if vi else 'h'}" + (f" {minutes:02d}" if minutes else "")
    if seconds > OLD_S and at is not None:
        return moment(at, tz, day_only=True)
    days = int(seconds // DAY)
    return f"{days} ngày" if vi else f"{days} day{'s' if days > 1 else ''}"


def moment(
    value: datetime | None,
    tz: str | tzinfo = "Asia/Ho_Chi_Minh",
    *,
    seconds: bool = False,
    day_only: bool = False,
) -> str:
    """dd/MM/yyyy HH:mm in the city's time zone; both languages write it so. ``value`` is aware."""
    if value is None or pd.isna(value):
        return NOTHING
    local = value.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz)
    return local.strftime("%d/%m/%Y" + ("" if day_only else " %H:%M:%S" if seconds else " %H:%M"))


def clock(value: datetime, tz: str | tzinfo = "Asia/Ho_Chi_Minh", *, seconds: bool = False) -> str:
    """HH:mm in the city's time zone."""
    local = value.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz)
    return local.strftime("%H:%M:%S" if seconds else "%H:%M")


def long_date(value: datetime, language: Language = "vi", tz: str | tzinfo = "Asia/Ho_Chi_Minh") -> str:
    """The wall's date: Thứ Bảy, 21/11/2026."""
    local = value.astimezone(ZoneInfo(tz) if isinstance(tz, str) else tz)
    day = format_date(local.date(), "EEEE", locale=locale(language))
    return f"{day}, {local:%d/%m/%Y}"


def coordinates(lon: float, lat: float, language: Language = "vi") -> str:
    """16,4615° B 107,6035° Đ (EPSG:4326)."""
    ways = ("B", "N", "Đ", "T") if language == "vi" else ("N", "S", "E", "W")
    north, east = ways[0 if lat >= 0 else 1], ways[2 if lon >= 0 else 3]
    return f"{number(abs(lat), 4, language)}° {north} {number(abs(lon), 4, language)}° {east}"
