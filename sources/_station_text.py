"""Text of environment station files to records.

Source: Circular 10/2021/TT-BTNMT, annex 15, as two data loggers write it.

A file is named ``PROVINCE_SITE_STATION_yyyyMMddHHmmss.txt`` or ``STATION_yyyyMMddHHmmss.txt``. Its lines are five
columns between tabs: symbol, mean of the cycle, unit, local time ``yyyyMMddHHmmss``, state; some loggers repeat the
five columns within a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from geodata.records import JSON, Observation, Quality, Rejected, Thing
from sources._values import dumped, instant, number, point, text
from sources._vocabulary import category, observed_property
from sources.units import ucum

COLUMNS = 5
KEPT_B = 65536
NAME_MARK = "#"
"""A recorded or rejected file begins with a line ``# NAME``: the file's name tells the station."""

STATES: Mapping[str, Quality] = {
    "00": Quality.MEASURING,
    "01": Quality.CALIBRATING,
    "02": Quality.FAULT,
    "03": Quality.MAINTENANCE,  # one maker's own
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "rh": ("humidity",),
    "temp": ("temp", "water_temperature"),
    "color": ("color", "colour"),
    "p": ("pressure",),
    "cl": ("chlorine", "cl"),
    "flow": ("flow",),
    "wl": ("water_level",),
    "rain": ("rain_10min",),
}
"""Symbols, in small letters, that are no name of the catalogue's own; the rest of table 34 is looked up as it is."""

UNITS: Mapping[str, str] = {
    "µg/Nm3": "ug/m3",  # QCVN 05: Nm³ is at 25 °C and 760 mmHg, as our values are
    "μg/Nm3": "ug/m3",
    "ug/Nm3": "ug/m3",
    "µg/Nm³": "ug/m3",
    "μg/Nm³": "ug/m3",
    "mg/Nm3": "mg/m3",
    "mg/Nm³": "mg/m3",
    "oC": "Cel",
    "Pt-Co": "{Pt-Co}",
}
_UNITLESS = frozenset({"", "-", "--"})
_ABSENT = frozenset({"", "-", "--", "nan", "null", "none", "n/a"})
_LINES = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"(?P<station>.+?)_(?P<time>\d{14})(?:\.\w+)?$")


class Site(BaseModel):
    """What a file cannot tell of its station. Degrees in EPSG:4326; ``category`` in the service's words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    category: str | None = None
    agency: str | None = None


class TextOptions(Protocol):
    """What reading the text needs of the options of station files."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def station(self) -> str | None: ...
    @property
    def sites(self) -> Mapping[str, Site]: ...
    @property
    def symbols(self) -> Mapping[str, str]: ...
    @property
    def units(self) -> Mapping[str, str]: ...
    @property
    def states(self) -> Mapping[str, Quality]: ...


@dataclass(frozen=True, slots=True)
class FileName:
    """``time`` is the local time that the name tells, naive, or None."""

    station: str
    time: datetime | None

    @classmethod
    def of(cls, name: str) -> FileName | None:
        """None for a name that tells no station."""
        match = _NAME.search(name.rpartition("/")[2])
        if match is None:
            return None
        try:
            time = datetime.strptime(match["time"], "%Y%m%d%H%M%S")  # noqa: DTZ007 (local, as the name has it)
        except ValueError:
            time = None
        return cls(match["station"], time)


def decoded(payload: bytes) -> str:
    """The text, whatever Windows wrote: UTF-8, UTF-16 with or without a mark, else code page 1258.

    Raises ValueError for what is no text.
    """
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in payload[:200]:
        encoding = "utf-16-be" if payload[:1] == b"\0" else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        found = payload.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8-sig":
            raise ValueError("not a text: broken UTF-16") from None
        found = payload.decode("cp1258", "replace")
    if "\0" in found or sum(letter < " " and letter not in "\t\r\n" for letter in found[:4096]) > 40:
        raise ValueError("not a text: control characters")
    return found


def thing(station: str, options: TextOptions, received_at: datetime | None) -> Thing:
    """The station with what the options tell of it, by its whole name or by the last part of it."""
    site = options.sites.get(station) or options.sites.get(station.rpartition("_")[2]) or Site()
    parts = station.split("_")
    own: dict[str, JSON] = {"station": parts[-1]}
    if len(parts) == 3:
        own |= {"province": parts[0], "site": parts[1]}
    known = category(options.service, site.category) if site.category else None
    return Thing(
        id=f"{options.issuer}:{station}",
        name=site.name or station,
        category=known or site.category,
        geometry=None if site.lon is None or site.lat is None else point(site.lon, site.lat),
        agency=site.agency,
        properties=own,
        received_at=received_at,
    )


def read(payload: bytes, name: str, options: TextOptions, arrival: datetime | None) -> Iterator[Observation | Rejected]:
    """The observations of one file of that name. Never raises; each group of five columns becomes one row."""
    try:
        body = decoded(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error), payload=payload[:KEPT_B], received_at=arrival)
        return
    told = FileName.of(name)
    station = told.station if told else options.station
    if station is None:
        kept = marked(name, body)
        yield Rejected(reason="no_station", detail="the name tells no station", payload=kept, received_at=arrival)
        return
    zone = ZoneInfo(options.timezone)
    found = False
    for line in _LINES.split(body):
        if not line.strip():
            continue
        found = True
        for group in _groups(line):
            try:
                yield _observation(group, f"{options.issuer}:{station}", options, zone, arrival)
            except _Wrong as error:
                kept = marked(name, "\t".join(group))
                yield Rejected(reason=error.reason, detail=str(error)[:200], payload=kept, received_at=arrival)
    if not found:
        yield Rejected(reason="empty", detail=name[:200], received_at=arrival)


def marked(name: str, body: str) -> bytes:
    """The text with its file's name before it, as ``parse`` reads it again."""
    return f"{NAME_MARK} {name}\n{body}".encode("utf-8", "replace")[:KEPT_B]


def unmarked(payload: bytes) -> tuple[str, bytes]:
    """The name that stands before a recorded file, or nothing, and the file."""
    if not payload.startswith(f"{NAME_MARK} ".encode()):
        return "", payload
    first, _, rest = payload.partition(b"\n")
    return first[2:512].decode("utf-8", "replace").strip(), rest


class _Wrong(ValueError):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _groups(line: str) -> Iterator[list[str]]:
    """Five columns each; blank columns at the end of a line are nobody's."""
    cells = [cell.strip() for cell in line.split("\t")]
    while len(cells) % COLUMNS and len(cells) > COLUMNS and not cells[-1]:
        cells.pop()
    if len(cells) % COLUMNS:
        yield cells
        return
    for start in range(0, len(cells), COLUMNS):
        yield cells[start : start + COLUMNS]


def _observation(
    cells: list[str], station: str, options: TextOptions, zone: ZoneInfo, arrival: datetime | None
) -> Observation:
    if len(cells) != COLUMNS:
        raise _Wrong("malformed", f"{len(cells)} columns where five belong")
    symbol, value, unit, when, state = cells
    if not symbol or len(symbol) > 40:
        raise _Wrong("malformed", "no symbol")
    quality = options.states.get(state) or STATES.get(state.zfill(2) if state.isdigit() else state)
    if quality is None:
        raise _Wrong("bad_state", f"state {state[:20]!r}")
    try:
        dumped(symbol + unit)
        return Observation(
            thing_id=station,
            observed_property=_property(symbol, options),
            phenomenon_time=_time(when, zone),
            result=_result(value, quality),
            unit=_unit(unit, options),
            quality=quality,
            received_at=arrival,
        )
    except _Wrong:
        raise
    except ValueError as error:
        raise _Wrong("malformed", str(error)) from error


def _property(symbol: str, options: TextOptions) -> str:
    """Of the options, else of the catalogue; a symbol that nobody knows stays, for the store to count it."""
    if found := options.symbols.get(symbol):
        return found
    words = WORDS.get(symbol.casefold(), ())
    return observed_property(options.service, symbol, *words) or symbol.casefold()


def _time(value: str, zone: ZoneInfo) -> datetime:
    try:
        if value.isascii() and value.isdigit():
            value = datetime.strptime(value, "%Y%m%d%H%M%S").isoformat()  # noqa: DTZ007 (the zone comes with it)
        return instant(value, zone)
    except ValueError as error:
        raise _Wrong("bad_time", str(error)) from error


def _result(value: str, quality: Quality) -> float | None:
    """A number with a point or a comma. A device that does not measure may say nothing."""
    if value.casefold() in _ABSENT:
        if quality is Quality.MEASURING:
            raise _Wrong("no_value", f"value {value[:20]!r} of a device that measures")
        return None
    try:
        return number(_pointed(value))
    except ValueError as error:
        raise _Wrong("bad_value", str(error)) from error


def _pointed(value: str) -> str:
    """Of a comma and a point the last is the decimal mark; one comma alone is one too.

    >>> _pointed("12,5"), _pointed("1.234,5"), _pointed("1,234.5"), _pointed("7.0")
    ('12.5', '1234.5', '1234.5', '7.0')
    """
    if "," not in value:
        return value
    if value.rfind(",") > value.rfind("."):
        return value.replace(".", "").replace(",", ".")
    return value.replace(",", "")


def _unit(unit: str, options: TextOptions) -> str | None:
    """UCUM; what nobody knows stays, for the store to refuse it."""
    if unit in _UNITLESS and not options.units.get(unit):
        return "1"
    return ucum(unit, more={**UNITS, **options.units}) or text(unit)
