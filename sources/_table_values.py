"""Cells as Vietnamese offices write them: numbers, instants, periods, degrees. ValueError for what is not one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from geodata.folding import fold
from sources import _values

_BAD = re.compile("[\x00\ud800-\udfff]")
NOTHING = frozenset(("", "-", "–", "—", "..", "...", "…", "null", "none", "nan", "n/a", "#n/a", "na", "không có"))
"""Cells that say that there is nothing: statistics offices write – for none and … for not known."""

Decimals = str | None  # "," or "."; None: told from the number itself, where it can be


def text(value: Any) -> str | None:
    """A cell as text in NFC; a whole number of a spreadsheet without its ``.0``; None for nothing."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime | date | time):
        value = value.isoformat()
    found = _values.text(value)
    if found and _BAD.search(found):
        raise ValueError("a byte that is no letter in a text")
    return found


def is_nothing(value: Any) -> bool:
    """Whether the cell is empty or one of the signs for it."""
    if isinstance(value, str):
        return len(value) < 12 and (not value or value.strip().casefold() in NOTHING)
    return value is None


_SPACES = re.compile(r"[\s\u00a0\u202f']")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d{1,3})?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_GROUPED = {mark: re.compile(rf"[+-]?\d{{1,3}}(\{mark}\d{{3}})+(?!\d)") for mark in ",."}


def number(value: Any, decimal: Decimals = None) -> float:
    """A finite number. Of text, ``decimal`` says which mark parts the fraction; the other one groups thousands.

    Without it: of two different marks the last is the decimal one, a mark that comes twice groups, a comma alone is
    decimal as Viet Nam writes it, a point alone too, but ``1.234`` could be 1234: ValueError asks for the option.
    """
    if isinstance(value, Decimal):
        value = float(value)
    if not isinstance(value, str):
        return _values.number(value)
    plain = _SPACES.sub("", value).removesuffix("%").replace("−", "-")
    if plain.startswith("(") and plain.endswith(")"):  # book-keepers' minus
        plain = "-" + plain[1:-1]
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"not a number: {value[:40]!r}")
    return _values.number(_pointed(plain, decimal, value))


def _pointed(plain: str, decimal: Decimals, value: str) -> str:
    """With a point for the fraction and nothing between thousands."""
    points, commas = plain.count("."), plain.count(",")
    mark = decimal or _mark(plain, points, commas)
    if decimal is None and points == 1 and not commas and _AMBIGUOUS.fullmatch(plain):
        raise ValueError(f'{value[:40]!r} may be a thousand or a fraction: say decimal = "," or decimal = "."')
    other = "." if mark == "," else ","
    whole, _, fraction = plain.partition(mark)
    wrong = other in fraction or mark in fraction or (other in whole and not _GROUPED[other].fullmatch(whole))
    if wrong:
        raise ValueError(f"not a number: {value[:40]!r}")
    return whole.replace(other, "") + (f".{fraction}" if fraction else "")


def _mark(plain: str, points: int, commas: int) -> str:
    """The decimal mark that a number shows by itself; empty when it has none."""
    if points and commas:
        return "," if plain.rfind(",") > plain.rfind(".") else "."
    if points > 1:
        return ","
    return "." if commas > 1 or points else ","


def integer(value: Any, decimal: Decimals = None) -> int:
    """A whole number."""
    found = number(value, decimal)
    if not found.is_integer():
        raise ValueError(f"not a whole number: {str(value)[:40]!r}")
    return int(found)


_YES = frozenset(("1", "true", "yes", "y", "x", "co", "dung", "bat", "on"))
_NO = frozenset(("0", "false", "no", "n", "khong", "sai", "tat", "off"))


def boolean(value: Any) -> bool:
    """Yes or no, in Vietnamese too."""
    if isinstance(value, bool):
        return value
    word = fold(text(value) or "")
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"neither yes nor no: {str(value)[:40]!r}")


EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a spreadsheet has no zone)
_PATTERN = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%f", "zzz": "%z",
    "d": "%d", "M": "%m", "H": "%H",
}  # fmt: skip
_LETTERS = re.compile("yyyy|yy|MM|dd|HH|mm|SSS|ss|zzz|d|M|H")
EPOCHS = {"epoch_s": 1.0, "epoch_ms": 1e-3, "excel": 0.0}


@lru_cache(maxsize=64)
def strptime_form(form: str) -> str:
    """``dd/MM/yyyy HH:mm`` as strptime writes it; a form with % is one already."""
    return form if "%" in form else _LETTERS.sub(lambda match: _PATTERN[match[0]], form)


def instant(value: Any, zone: tzinfo, form: str | None = None) -> datetime:
    """A point in time as aware UTC; a cell without a zone is in ``zone``, a day alone is its first moment.

    ``form``: ``epoch_s``, ``epoch_ms``, ``excel``, or a pattern (``dd/MM/yyyy HH:mm``, ``%d/%m/%Y``). Without it: ISO
    8601, day first with / - or ., the hour before or after (``07h30``, ``7 giờ 30``), compact digits, serial days of a
    spreadsheet, epoch seconds and milliseconds by their size.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"not a time: {value!r}")
    if isinstance(value, datetime | date):
        found = value if isinstance(value, datetime) else datetime.combine(value, time())
    elif isinstance(value, int | float | Decimal) or form in EPOCHS:
        found = _counted(number(value, "."), form)
    else:
        found = _written(str(value).strip(), form)
    return _ours(found, zone, value)


def _ours(found: datetime, zone: tzinfo, value: Any) -> datetime:
    try:
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"no time of ours: {str(value)[:40]!r}") from error
    if not 1970 <= moment.year < 2200:
        raise ValueError(f"no time of ours: {str(value)[:40]!r}")
    return moment


def _counted(count: float, form: str | None) -> datetime:
    """Epoch seconds or milliseconds, or days of a spreadsheet since 30/12/1899."""
    if form is not None and form not in EPOCHS:
        return _written(f"{count:.0f}", form)
    try:
        if form == "excel" or (form is None and 20_000 <= count < 80_000):
            return EXCEL_EPOCH + timedelta(seconds=round(count * 86_400, 3))
        if form == "epoch_ms" or (form is None and 1e11 <= abs(count) < 1e13):
            return datetime.fromtimestamp(count / 1000, UTC)
        if form == "epoch_s" or 1e8 <= abs(count) < 1e11:
            return datetime.fromtimestamp(count, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"no time of ours: {count:g}") from error
    return _written(f"{count:.0f}", None)


_DAY = r"(?P<day>\d{1,2})\s*[/.\-]\s*(?P<month>\d{1,2})\s*[/.\-]\s*(?P<year>\d{4}|\d{2})"
_DAY_WORDS = r"(?:ngay\s+)?(?P<day>\d{1,2})\s+thang\s+(?P<month>\d{1,2})\s+nam\s+(?P<year>\d{4})"
_CLOCK = (
    r"(?P<hour>\d{1,2})\s*(?:[:h]|gio)\s*(?:(?P<minute>\d{1,2})(?:\s*phut)?)?(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>am|pm|sa|ch|sang|chieu|toi)?"
)
_GAP = r"[\s,;T\-]*(?:luc\s*)?"
_FORMS = tuple(
    re.compile(form)
    for day in (_DAY, _DAY_WORDS)
    for form in (rf"{day}(?:{_GAP}{_CLOCK})?", rf"(?:luc\s*)?{_CLOCK}{_GAP}(?:ngay\s*)?{day}")
)
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def _written(text_: str, form: str | None) -> datetime:
    if form is None and (match := _SERIAL.match(text_)):  # a day that lost its format, with the hour beside it
        text_ = f"{EXCEL_EPOCH + timedelta(days=int(match[1])):%d/%m/%Y} {text_[match.end() :]}"
    try:
        if form is not None:
            return datetime.strptime(text_, strptime_form(form))  # noqa: DTZ007 (the caller sets the zone)
        if text_.isdigit():
            return _digits(text_)
        if len(text_) >= 8 and text_[:4].isdigit():
            return datetime.fromisoformat(_ISO_DAY.sub(_padded, _ZONE_GAP.sub(r"\1\2", text_)))
    except ValueError as error:
        raise ValueError(f"not a time: {text_[:40]!r}") from error
    return _vietnamese(text_)


_SERIAL = re.compile(r"([2-7]\d{4})(?:\.0)?\s+(?=\d{1,2}\s*(?:[:h]|gi))")
_ZONE_GAP = re.compile(r"(\d)\s+([+-]\d\d:?\d\d|Z)$")
_ISO_DAY = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:(?:\s+|T)(\d{1,2})(?=[:Z+-]|$))?")


def _padded(match: re.Match[str]) -> str:
    """2026/11/2 7:30 as ISO 8601 writes it."""
    year, month, day, hour = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}" if hour else "")


def _digits(text_: str) -> datetime:
    if len(text_) in _COMPACT and text_[:2] in {"19", "20", "21"}:
        return datetime.strptime(text_, _COMPACT[len(text_)])  # noqa: DTZ007 (the caller sets the zone)
    if len(text_) < 5 or len(text_) > 13:
        raise ValueError("not a time")
    return _counted(float(text_), None)


_MARKS = str.maketrans("àáảãạâầấẩẫậăằắẳẵặèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ",
                       "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd")  # fmt: skip


@lru_cache(maxsize=4096)
def _vietnamese(text_: str) -> datetime:
    plain = text_.casefold().translate(_MARKS)
    for form in _FORMS:
        if match := form.fullmatch(plain):
            return _from(match, text_)
    raise ValueError(f"not a time: {text_[:40]!r}")


def _from(match: re.Match[str], text_: str) -> datetime:
    part = {name: int(value) for name, value in match.groupdict().items() if value and name != "half"}
    year = part["year"] + (2000 if part["year"] < 100 else 0)
    hour = part.get("hour", 0)
    if match["half"] in {"pm", "ch", "chieu", "toi"} and hour < 12:
        hour += 12
    elif match["half"] in {"am", "sa", "sang"} and hour == 12:
        hour = 0
    hint = "; day comes first, or say time_format" if part["month"] > 12 >= part["day"] else ""
    try:
        return datetime(year, part["month"], part["day"], hour, part.get("minute", 0), part.get("second", 0))  # noqa: DTZ001
    except ValueError as error:
        raise ValueError(f"not a time: {text_[:40]!r}{hint}") from error


Reading = Callable[[Any], Any]

_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"(?:nam\s*)?(\d{4})"
_PERIODS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(form), kind)
    for form, kind in (
        (r"(?:nam\s*)?(\d{4})", "year"),
        (r"(\d{4})[\-/](\d{1,2})", "month_last"),
        (rf"(?:thang|t)?\s*(\d{{1,2}})\s*[/\-.,\s]\s*{_YEAR}", "month"),
        (rf"(?:quy|q)\s*([1-4]|iv|i{{1,3}})\s*[/\-.,\s]\s*{_YEAR}", "quarter"),
        (r"(\d{4})[\-/\s]*q([1-4])", "quarter_last"),
        (rf"(?:tuan(?:\s*thu)?|w)\s*(\d{{1,2}})\s*[/\-.,\s]\s*{_YEAR}", "week"),
        (r"(\d{4})-?w(\d{1,2})", "week_last"),
        (rf"(3|6|9)\s*thang(?:\s*dau)?\s*[/\-.,\s]?\s*{_YEAR}", "first_months"),
        (rf"6\s*thang\s*cuoi\s*{_YEAR}", "second_half"),
    )
)


@lru_cache(maxsize=4096)
def _period(words: str) -> tuple[datetime, datetime] | None:
    plain = " ".join(words.casefold().translate(_MARKS).split())
    for form, kind in _PERIODS:
        if match := form.fullmatch(plain):
            first, *more = match.groups()
            return _SPANS[kind](first, *more)
    return None


def _months(year: int, month: int, count: int) -> tuple[datetime, datetime]:
    last = month - 1 + count
    return datetime(year, month, 1), datetime(year + last // 12, last % 12 + 1, 1)  # noqa: DTZ001 (zone: the caller's)


def _quarter(word: str, year: str) -> tuple[datetime, datetime]:
    return _months(int(year), 3 * (_ROMAN.get(word) or int(word)) - 2, 3)


def _week(week: str, year: str) -> tuple[datetime, datetime]:
    start = datetime.fromisocalendar(int(year), int(week), 1)
    return start, start + timedelta(days=7)


_SPANS: dict[str, Callable[..., tuple[datetime, datetime]]] = {
    "year": lambda year: _months(int(year), 1, 12),
    "month": lambda month, year: _months(int(year), int(month), 1),
    "month_last": lambda year, month: _months(int(year), int(month), 1),
    "quarter": _quarter,
    "quarter_last": lambda year, word: _quarter(word, year),
    "week": _week,
    "week_last": lambda year, week: _week(week, year),
    "first_months": lambda count, year: _months(int(year), 1, int(count)),
    "second_half": lambda year: _months(int(year), 7, 6),
}


def period(value: Any, zone: tzinfo, form: str | None = None) -> tuple[datetime, datetime]:
    """Start and end (not included) of a span as aware UTC: ``2026-11``, ``Tháng 11/2026``, ``Quý III/2026``, ``Tuần
    47/2026`` (ISO weeks, as the calendar on the wall), ``Năm 2026``, ``6 tháng đầu năm 2026``; a day is that day.
    """
    written = text(value) or ""
    try:
        found = None if form or isinstance(value, datetime | date) else _period(written)
    except ValueError as error:
        raise ValueError(f"not a period: {written[:40]!r}") from error
    if found is None:
        start = instant(value, zone, form).astimezone(zone)
        day = datetime(start.year, start.month, start.day)  # noqa: DTZ001 (set below)
        found = day, day + timedelta(days=1)
    return _ours(found[0], zone, value), _ours(found[1], zone, value)


_DEGREES = re.compile(
    r"(?P<sign>[+-])?\s*(?P<before>[NSEWBĐDT])?\s*(?P<deg>\d{1,3}(?:[.,]\d+)?)"
    r"(?:(?:\s*[°ºd:]\s*|\s+|-)(?P<min>\d{1,2}(?:[.,]\d+)?)(?:(?:\s*['′’m:]\s*|\s+|-)(?P<sec>\d{1,2}(?:[.,]\d+)?))?)?"
    r"\s*(?:[°ºd'′’m\"″”s]|\'\')?\s*(?P<after>[NSEWBĐDT])?",
    re.IGNORECASE,
)


def degrees(value: Any) -> float:
    """Decimal degrees, or degrees with minutes and seconds; N, S, E, W or B (Bắc), Đ (Đông), T (Tây). N is north.

    ``16°27'30"N``, ``107 35.5``, ``107°35,5'Đ``, ``16,4637``.
    """
    if not isinstance(value, str):
        return number(value)
    plain = value.strip()
    if not (match := _DEGREES.fullmatch(plain)):
        raise ValueError(f"not degrees: {plain[:40]!r}")
    parts = [float(match[name].replace(",", ".")) if match[name] else 0.0 for name in ("deg", "min", "sec")]
    if parts[1] >= 60 or parts[2] >= 60:
        raise ValueError(f"not degrees: {plain[:40]!r}")
    found = parts[0] + parts[1] / 60 + parts[2] / 3600
    half = (match["before"] or match["after"] or "").upper()
    negative = match["sign"] == "-" or half in {"S", "W", "T"}
    if not math.isfinite(found):
        raise ValueError(f"not degrees: {plain[:40]!r}")
    return -found if negative else found
