"""Numbers, ages and moments in words: those of ``geodata.words``, for what goes out speaks as the pages do."""

from __future__ import annotations

from geodata.words import (
    DAY,
    EXACT,
    HOUR,
    MINUTE,
    NOTHING,
    OLD_S,
    THIN,
    Language,
    age,
    clock,
    coordinates,
    large,
    locale,
    long_date,
    moment,
    number,
    percent,
    quantity,
    remaining,
)

__all__ = [
    "DAY",
    "EXACT",
    "HOUR",
    "MINUTE",
    "NOTHING",
    "OLD_S",
    "THIN",
    "Language",
    "age",
    "clock",
    "coordinates",
    "large",
    "locale",
    "long_date",
    "moment",
    "number",
    "percent",
    "quantity",
    "remaining",
]
