"""Values as the wire writes them: instants, numbers, texts, places. Each raises ValueError for what is not one."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import UTC, datetime, tzinfo

from shapely.geometry import Point

from geodata.records import JSON

_CLOCK_AND_ZONE = re.compile(r"(\d)\s+([+-]\d\d:?\d\d|Z)$")
_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def instant(value: object, zone: tzinfo = UTC) -> datetime:
    """ISO 8601 and its usual slips (a blank for T, no seconds, no zone, dd/mm/yyyy) as aware UTC.

    A time without a zone is in ``zone``. Years before 1970 and after 2199 are no times of ours.
    """
    text = _CLOCK_AND_ZONE.sub(r"\1\2", str(value).strip())
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = _day_first(text)
    try:
        time = (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no time of ours: {text[:40]!r}") from error
    if not 1970 <= time.year < 2200:
        raise ValueError(f"no time of ours: {text[:40]!r}")
    return time


def _day_first(text: str) -> datetime:
    for form in _DAY_FIRST:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (the caller sets the zone)
        except ValueError:
            continue
    raise ValueError(f"not a time: {text[:40]!r}")


def number(value: object) -> float:
    """A finite number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"not a number: {str(value)[:40]!r}")  # noqa: TRY004 (one kind of error for the caller)
    try:
        found = float(value)
    except OverflowError as error:
        raise ValueError("not a number: too large") from error
    if not math.isfinite(found):
        raise ValueError(f"not a number: {str(value)[:40]!r}")
    return found


def point(lon: object, lat: object) -> Point:
    """A place on the globe, EPSG:4326."""
    x, y = number(lon), number(lat)
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise ValueError(f"not on the globe: lon {x:g} lat {y:g}")
    return Point(x, y)


def text(value: object) -> str | None:
    """A text or a number as text, stripped and in NFC; None for nothing. Codes keep their leading zeros."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    return unicodedata.normalize("NFC", str(value)).strip() or None


def loads(payload: bytes | str) -> JSON:
    """JSON whose numbers are finite: NaN, Infinity and 1e999 become null. Raises ValueError, also for deep nesting."""
    try:
        return json.loads(payload, parse_constant=lambda name: None, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise ValueError("not JSON: the text is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite(digits: str) -> float | None:
    found = float(digits)
    return found if math.isfinite(found) else None


def dumped(value: JSON) -> str:
    """Compact JSON that the store can keep. Raises ValueError for NUL bytes and lone surrogates."""
    try:
        plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        plain.encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u0000" in plain:
        raise ValueError("a NUL byte in a text")
    return plain
