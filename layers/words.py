"""Numbers, ages and moments in words, as the style guide has them: decimal comma, dd/MM/yyyy, "7 giờ 12"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

Language = str
"""``vi``, or anything else for English."""

MINUTE, HOUR, DAY = 60, 3600, 86400
OLD_S = 30 * DAY
NOTHING = "–"
THIN = "\u2009"

UNITS: Mapping[str, str | Mapping[str, str]] = {
    "ug/m3": "µg/m³",
    "m3/s": "m³/s",
    "Cel": "°C",
    "mm": "mm",
    "%": "%",
    "m": "m",
    "[kn_i]": {"vi": "hải lý/giờ", "en": "kn"},
    "kn": {"vi": "hải lý/giờ", "en": "kn"},
}
"""How a UCUM code is read by people; a code that is not here is shown as it is."""


@cache
def locale(language: str) -> Locale:
    return Locale.parse("vi_VN" if language == "vi" else "en_GB")


def number(value: float | None, decimals: int = 0, language: Language = "vi") -> str:
    """1.234,5 in Vietnamese; a true minus; "–" for nothing. Half-up, so that 0,5 is 1 on every page."""
    if value is None or not math.isfinite(value):
        return NOTHING
    scale = 10**decimals
    rounded = math.floor(abs(value) * scale + 0.5) / scale
    text = format_decimal(rounded, "#,##0" + ("." + "0" * decimals if decimals else ""), locale(language))
    return f"−{text}" if value < 0 and rounded else text


def percent(value: float | None, decimals: int = 1, language: Language = "vi") -> str:
    """A share (0–1) as 94,1% without a space."""
    return NOTHING if value is None or not math.isfinite(value) else f"{number(value * 100, decimals, language)}%"


def quantity(value: float | None, unit: str | None, decimals: int = 0, language: Language = "vi") -> str:
    """A number with its unit (UCUM) after a thin space; no space before %."""
    text = number(value, decimals, language)
    if text == NOTHING or not unit:
        return text
    known = UNITS.get(unit, unit)
    shown = known if isinstance(known, str) else known["vi" if language == "vi" else "en"]
    return text + ("" if shown == "%" else THIN) + shown


def large(value: float, language: Language = "vi") -> str:
    """For the wall: 1,2 triệu; under ten thousand the number itself."""
    for size, vi, en in ((1e9, "tỷ", "bn"), (1e6, "triệu", "m"), (1e4, "nghìn", "k")):
        if value >= size:
            base = 1e3 if size == 1e4 else size
            return f"{number(value / base, 1, language)} {vi if language == 'vi' else en}"
    return number(value, 0, language)


def age(seconds: float | None, language: Language = "vi", *, at: datetime | None = None) -> str:
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
        return moment(at, language, day_only=True)
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
    north, east = ("B" if lat >= 0 else "N", "Đ" if lon >= 0 else "T") if language == "vi" else ("N", "E")
    return f"{number(abs(lat), 4, language)}° {north} {number(abs(lon), 4, language)}° {east}"
