"""Dates as Vietnamese outlets write them. Raises ValueError for what is none.

The library reads some of these seven hours wrong without a word (ISO without a zone, ``ICT``) and others not at all
(``GMT+7``, ``21/11/2026 08:00``, Vietnamese months), so every date is read here first.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from geodata.folding import fold
from sources._values import instant

_ZONES = {
    "ict": 420, "gmt": 0, "utc": 0, "ut": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
    "mdt": -360, "pst": -480, "pdt": -420, "jst": 540, "sgt": 480, "hkt": 480,
}  # fmt: skip
"""Names of zones to minutes: RFC 822's, ours and the neighbours'."""

_ZONE = re.compile(
    r"\(?\b(?:(?P<name>GMT|UTC|ICT|UT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|SGT|HKT)\s*)?"
    r"(?P<offset>(?<![\d/.-])[+-]\d{1,2}(?::?\d\d)?)?\)?\s*$",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?::|h|giờ)\s*(\d\d)?(?::(\d\d)(?:\.\d+)?)?(?:\s*phút)?\s*(AM|PM|SA|CH)?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?!\d)")
_MONTH = re.compile(r"(?<!\d)(\d{1,2}) (?:thang|thg|th) ?([a-z0-9]+(?: (?:mot|hai))?),? ?(?:nam )?(\d{4})(?!\d)")
_ENGLISH = re.compile(r"(?<!\d)(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{4}|\d\d)(?!\d)")
_ENGLISH_FIRST = re.compile(r"\b([a-z]{3})[a-z]* (\d{1,2}) (\d{4})(?!\d)")
_MONTHS = {
    "gieng": 1, "mot": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9,
    "muoi": 10, "muoi mot": 11, "muoi hai": 12, "chap": 12,
}  # fmt: skip
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = re.compile(r"\d{10}|\d{13}")
MAX_LENGTH = 120


def read(text: str, zone: tzinfo) -> datetime:
    """Aware UTC. A date without a zone is in ``zone``; numbers alone are day first, with AM or PM month first."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if not plain or len(plain) > MAX_LENGTH:
        raise ValueError(f"not a date: {plain[:40]!r}")
    if _EPOCH.fullmatch(plain):
        return _checked(datetime.fromtimestamp(int(plain[:10]), UTC), plain)
    for reader in (instant, _rfc822, _spelled):
        try:
            return _checked(reader(plain, zone), plain)
        except ValueError:
            continue
    raise ValueError(f"not a date: {plain[:40]!r}")


def _checked(time: datetime, text: str) -> datetime:
    try:
        utc = time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no time of ours: {text[:40]!r}") from error
    if not 1990 <= utc.year < 2200:
        raise ValueError(f"no time of ours: {text[:40]!r}")
    return utc


def _rfc822(text: str, zone: tzinfo) -> datetime:
    """RFC 822 with a numeric zone or GMT alone: what is left goes to ``_spelled``, which knows the zones by name."""
    del zone
    if not re.search(r"(?:[+-]\d{4}|\bGMT|\bUT)$", text) or re.search(r"(?:GMT|UTC|ICT)\s*[+-]", text):
        raise ValueError("not RFC 822 with a zone")
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("not RFC 822") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _spelled(text: str, zone: tzinfo) -> datetime:
    rest, own = _zone(text)
    clock = _CLOCK.search(rest)
    hour, minute, second, half = _time(clock)
    date = rest if clock is None else rest[: clock.start()] + " " + rest[clock.end() :]
    year, month, day = _date(date, month_first=half in {"am", "pm"})
    return datetime(year, month, day, hour, minute, second, tzinfo=own or zone)


def _zone(text: str) -> tuple[str, tzinfo | None]:
    """The text before its zone, and the zone."""
    match = _ZONE.search(text)
    if match is None or not (match["name"] or match["offset"]) or not match[0].strip():
        return text, None
    minutes = _ZONES.get((match["name"] or "gmt").casefold(), 0)
    if offset := match["offset"]:
        digits = offset[1:].replace(":", "")
        hours, rest = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
        minutes = (hours * 60 + rest) * (-1 if offset[0] == "-" else 1)
    if abs(minutes) >= 24 * 60:
        raise ValueError("no zone of ours")
    return text[: match.start()].rstrip(" (,"), timezone(timedelta(minutes=minutes))


def _time(clock: re.Match[str] | None) -> tuple[int, int, int, str]:
    if clock is None:
        return 0, 0, 0, ""
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    half = (clock[4] or "").casefold()
    if half in {"pm", "ch"} and hour < 12:
        hour += 12
    elif half in {"am", "sa"} and hour == 12:
        hour = 0
    return hour, minute, second, half


def _date(text: str, month_first: bool) -> tuple[int, int, int]:
    if match := _YEAR_FIRST.search(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMBERS.search(text):
        first, second = int(match[1]), int(match[2])
        if (month_first and first <= 12) or second > 12:
            first, second = second, first
        return int(match[3]), second, first
    plain = fold(text)
    if match := _MONTH.search(plain):
        month = int(match[2]) if match[2].isdigit() else _MONTHS.get(match[2]) or _MONTHS.get(match[2].split()[0], 0)
        return int(match[3]), month, int(match[1])
    if (match := _ENGLISH.search(plain)) and match[2] in _ENGLISH_MONTHS:
        year = int(match[3])
        return year if year > 99 else 2000 + year, _ENGLISH_MONTHS.index(match[2]) + 1, int(match[1])
    if (match := _ENGLISH_FIRST.search(plain)) and match[1] in _ENGLISH_MONTHS:
        return int(match[3]), _ENGLISH_MONTHS.index(match[1]) + 1, int(match[2])
    raise ValueError(f"not a date: {text[:40]!r}")
