"""Administrative units before and after 1 July 2025, and what became of each.

Resolution 202/2025/QH15 made 34 provinces of 63 and abolished districts: 10 040 communes and wards became 3 321 units.
A code says nothing without its date: 44 was Quảng Bình and is Quảng Trị, 45 was Quảng Trị and is no unit.
Data: the package vietnamadminunits (``geodata/data/LICENSES.md``); points to five decimals, areas official.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from statistics import median
from types import MappingProxyType
from typing import Any, Literal

import pyarrow.parquet as pq

from geodata.errors import UsageError
from geodata.folding import composed, fold

CHANGE = date(2025, 7, 1)
"""First day of the two-tier units."""

LAST_OLD = date(2025, 6, 30)

Kind = Literal["province", "district", "ward", "commune", "township", "special_zone"]

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {"Phường": "ward", "Xã": "commune", "Thị trấn": "township", "Đặc khu": "special_zone", "Huyện": "district"}
)


class NoSuchUnit(UsageError):
    """no administrative unit {name!r} on {on}; give the full name or the code of the General Statistics Office"""


class AmbiguousUnit(UsageError):
    """{name!r} may be any of {choices}; add the district and the province"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit in one version of the tree. ``lon``, ``lat``: its point in EPSG:4326, not its centre."""

    code: str
    name: str  # Thuận Hóa
    full_name: str  # Phường Thuận Hóa
    kind: Kind
    province_code: str
    province: str
    district_code: str | None = None  # until 30 June 2025 only
    district: str | None = None
    lon: float
    lat: float
    area_km2: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None  # last day

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def path(self) -> str:
        """For the page: Phường Thuận Hóa, Huế."""
        return ", ".join(part for part in (self.full_name, self.district, self.province) if part)


@dataclass(frozen=True, slots=True)
class Successor:
    """Where an old unit went. Of a divided unit, ``main`` marks the part that takes it when nothing more is known."""

    unit: Unit
    divided: bool
    main: bool
    since: date = CHANGE


Row = Mapping[str, Any]


def _read(name: str) -> list[Row]:
    with as_file(files("geodata").joinpath("data", f"{name}.parquet")) as path:
        rows: list[Row] = pq.read_table(path).to_pylist()
        return rows


@cache
def new_units() -> Mapping[str, Unit]:
    """The 3 321 units since 1 July 2025 by code."""
    fields = ("code", "name", "full_name", "kind", "province_code", "province", "lon", "lat", "area_km2")
    rows = _read("units")
    return MappingProxyType(
        {row["code"]: Unit(valid_from=CHANGE, **{field: row[field] for field in fields}) for row in rows}
    )


@cache
def old_units() -> Mapping[str, Unit]:
    """The 10 040 units until 30 June 2025 by code. The five island districts without wards stand as themselves."""
    return MappingProxyType({row["code"]: _old(row) for row in _read("units_legacy")})


def _old(row: Row) -> Unit:
    heir = new_units()[_heirs()[row["code"]][0][0]]  # five island districts have no point of their own
    fields = ("code", "name", "full_name", "province_code", "province", "district_code")
    return Unit(
        kind=next(kind for word, kind in _KINDS.items() if row["full_name"].startswith(word)),
        district=None if row["code"] == row["district_code"] else row["district_full"],
        lon=heir.lon if row["lon"] is None else row["lon"],
        lat=heir.lat if row["lat"] is None else row["lat"],
        valid_to=LAST_OLD,
        **{field: row[field] for field in fields},
    )


@cache
def _heirs() -> Mapping[str, tuple[tuple[str, bool, bool], ...]]:
    """Old code to (new code, divided, main), the main one first."""
    heirs: dict[str, list[tuple[str, bool, bool]]] = {}
    for row in sorted(_read("conversion"), key=lambda row: not row["main"]):
        heirs.setdefault(row["old_code"], []).append((row["new_code"], row["divided"], row["main"]))
    return MappingProxyType({code: tuple(found) for code, found in heirs.items()})


@cache
def _groups(table: Literal["units", "units_legacy"]) -> Mapping[str, Unit]:
    """Provinces (two digits) and old districts (three digits) by code, at the median of their wards."""
    units = new_units() if table == "units" else old_units()
    provinces = {row["province_code"]: row["province_full"] for row in _read(table)}
    members: dict[str, list[Unit]] = {}
    for unit_ in units.values():
        members.setdefault(unit_.province_code, []).append(unit_)
        if unit_.district and unit_.district_code:
            members.setdefault(unit_.district_code, []).append(unit_)
    return MappingProxyType({code: _group(code, parts, provinces.get(code)) for code, parts in members.items()})


def _group(code: str, parts: list[Unit], province: str | None) -> Unit:
    first = parts[0]
    full_name = province or first.district or ""
    return Unit(
        code=code,
        name=first.province if province else _short(full_name),
        full_name=full_name,
        kind="province" if province else "district",
        province_code=first.province_code,
        province=first.province,
        lon=median(part.lon for part in parts),
        lat=median(part.lat for part in parts),
        area_km2=sum(part.area_km2 or 0 for part in parts) or None,
        valid_from=first.valid_from,
        valid_to=first.valid_to,
    )


def _short(full_name: str) -> str:
    for word in ("Thành phố ", "Thị xã ", "Thị trấn ", "Huyện ", "Quận ", "Phường ", "Xã ", "Đặc khu ", "Tỉnh "):
        if full_name.startswith(word) and not full_name.removeprefix(word).isdigit():
            return full_name.removeprefix(word)
    return full_name


def groups(on: date) -> Mapping[str, Unit]:
    """Provinces and districts valid on that day, by code."""
    return _groups("units" if on >= CHANGE else "units_legacy")


def unit(code: str, *, on: date) -> Unit:
    """The ward, commune, district or province of that code on that day. Raises NoSuchUnit."""
    units = new_units() if on >= CHANGE else old_units()
    found = units.get(code) or groups(on).get(code)
    if found is None:
        raise NoSuchUnit(name=code, on=on.isoformat())
    return found


@cache
def _by_name() -> Mapping[str, tuple[Unit, ...]]:
    """Folded full and short names to old units."""
    found: dict[str, list[Unit]] = {}
    for unit_ in old_units().values():
        for name in {fold(unit_.name), fold(unit_.full_name)}:
            found.setdefault(name, []).append(unit_)
    return MappingProxyType({name: tuple(units) for name, units in found.items()})


def find_old(ward: str, district: str | None = None, province: str | None = None) -> Unit:
    """The old unit of those names, full or short, with or without marks. Raises NoSuchUnit, AmbiguousUnit."""
    matches = [
        unit_
        for unit_ in _by_name().get(fold(ward), ())
        if (district is None or _same(district, unit_.district or unit_.full_name))
        and (province is None or _same(province, unit_.province))
    ]
    exact = [unit_ for unit_ in matches if composed(ward) in {composed(unit_.name), composed(unit_.full_name)}]
    matches = exact or matches
    if not matches:
        name = ", ".join(part for part in (ward, district, province) if part)
        raise NoSuchUnit(name=name, on=LAST_OLD.isoformat())
    if len(matches) > 1:
        choices = "; ".join(match.path for match in matches[:4]) + (" …" if len(matches) > 4 else "")
        raise AmbiguousUnit(name=ward, choices=choices)
    return matches[0]


def _same(asked: str, name: str) -> bool:
    return fold(_short(asked)) == fold(_short(name))


def convert(ward: str, district: str | None = None, province: str | None = None) -> tuple[Successor, ...]:
    """What an old unit became, the main heir first: by its code, or by its names.

    A code of two or three digits is an old province or district; its heirs are all units with a part of it.
    Raises NoSuchUnit, AmbiguousUnit.
    """
    if not ward.isdigit():
        return _successors([find_old(ward, district, province).code])
    old = unit(ward, on=LAST_OLD)
    if old.kind not in {"province", "district"} or old.code in old_units():
        return _successors([old.code])
    return _successors(_parts()[old.code])


@cache
def _parts() -> Mapping[str, tuple[str, ...]]:
    """Codes of old provinces and districts to those of their wards."""
    parts: dict[str, list[str]] = {}
    for part in old_units().values():
        for group in {part.province_code, part.district_code} - {None, part.code}:
            parts.setdefault(str(group), []).append(part.code)
    return MappingProxyType({group: tuple(codes) for group, codes in parts.items()})


def _successors(codes: Iterable[str]) -> tuple[Successor, ...]:
    found: dict[str, Successor] = {}
    for code in codes:
        for new_code, divided, main in _heirs()[code]:
            found.setdefault(new_code, Successor(new_units()[new_code], divided, main))
    return tuple(found.values())


@cache
def _origins() -> Mapping[str, tuple[str, ...]]:
    origins: dict[str, list[str]] = {}
    for old, heirs in _heirs().items():
        for new, _, _ in heirs:
            origins.setdefault(new, []).append(old)
    return MappingProxyType({code: tuple(sorted(found)) for code, found in origins.items()})


def origins(code: str) -> tuple[Unit, ...]:
    """The old units that a unit of today was made of, whole or in part. Raises NoSuchUnit."""
    if code not in new_units():
        raise NoSuchUnit(name=code, on=CHANGE.isoformat())
    return tuple(old_units()[old] for old in _origins()[code])
