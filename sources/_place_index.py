"""The names that a text is searched for: wards, districts until 2025, provinces, rivers and lagoons, by their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from geodata import admin_units
from geodata.admin_units import CHANGE, LAST_OLD, convert, new_units, old_units
from geodata.folding import composed, fold
from geodata.gazetteer import ward_at
from geodata.geography import collection

SHIPPED = frozenset(("40", "44", "46", "66"))
"""Provinces of today whose wards have areas here."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "Đắk Lắk": ("Đăk Lăk", "Đắc Lắc", "Đắk Lăk"),
    "Buôn Ma Thuột": ("Buôn Mê Thuột", "Ban Mê Thuột"),
    "Hồ Chí Minh": ("HCM",),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A place of that name. ``kind`` is ward, commune, township, special_zone, district, province, river or spot.

    ``code`` is valid on the day ``on``; ``province`` is the code of the province of today that it lies in; ``district``
    that of the old district of an old ward. ``rank``: a lower one is meant sooner.
    """

    kind: str
    name: str
    code: str
    on: date
    province: str
    district: str | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """Names by their words, with marks and (only the likely ones) without; the longest name that begins with a word."""

    marked: Mapping[tuple[str, ...], tuple[Known, ...]]
    plain: Mapping[tuple[str, ...], tuple[Known, ...]]
    longest: Mapping[str, int]


@cache
def names() -> Names:
    """Built on first use, about 0.5 s."""
    with_marks: dict[tuple[str, ...], list[Known]] = {}
    plain: dict[tuple[str, ...], list[Known]] = {}
    for known in _known():
        for name in (known.name, *ALIASES.get(known.name, ())):
            with_marks.setdefault(words(name), []).append(known)
            if known.kind == "province" or known.province in SHIPPED:
                plain.setdefault(tuple(fold(name).split()), []).append(known)
    longest: dict[str, int] = {}
    for found in (*with_marks, *plain):
        longest[found[0]] = max(longest.get(found[0], 0), len(found))
    return Names(
        {key: tuple(known) for key, known in with_marks.items() if key},
        {key: tuple(known) for key, known in plain.items() if key},
        longest,
    )


def words(name: str) -> tuple[str, ...]:
    """The words of a name as they are compared: lower case, tone marks in the one place, hyphens left out."""
    return tuple(form(word) for word in name.replace("-", " ").replace("–", " ").replace(".", " ").split())


@lru_cache(maxsize=65536)
def form(word: str) -> str:
    """One word as it is compared."""
    return composed(word)


def _known() -> Iterator[Known]:
    yield from _provinces()
    for unit in new_units().values():
        yield Known(unit.kind, unit.name, unit.code, CHANGE, unit.province_code)
    for code, unit in admin_units.groups(LAST_OLD).items():
        if unit.kind == "district":
            yield Known("district", unit.name, code, LAST_OLD, convert(code)[0].unit.province_code, rank=1)
    for code, unit in old_units().items():
        heir = convert(code)[0].unit.province_code
        yield Known(unit.kind, unit.name, code, LAST_OLD, heir, unit.district_code, rank=2)
    yield from _waters()


def _provinces() -> Iterator[Known]:
    today = set()
    for code, unit in admin_units.groups(CHANGE).items():
        today.add(unit.name)
        yield Known("province", unit.name, code, CHANGE, code)
    for code, unit in admin_units.groups(LAST_OLD).items():
        if unit.kind == "province" and unit.name not in today:
            yield Known("province", unit.name, code, LAST_OLD, convert(code)[0].unit.province_code, rank=1)


def _waters() -> Iterator[Known]:
    """Rivers that run in one of the provinces, lagoons, and towns that stand on the map without being a unit."""
    provinces = collection("provinces")
    for row in collection("rivers").itertuples(index=False):
        if isinstance(row.name_vi, str):
            inside = provinces[provinces.intersects(row.geometry)]["id"]
            for code in inside:
                yield Known("river", row.name_vi.removeprefix("Sông "), str(code), CHANGE, str(code), rank=3)
    places = collection("places")
    for row in places[places["kind"].isin(("lagoon", "place"))].itertuples(index=False):
        ward = ward_at(row.geometry.x, row.geometry.y, within_m=4000)
        if ward is None:
            continue
        if row.kind == "place":
            yield Known("spot", row.name_vi, ward.code, CHANGE, ward.province_code, rank=3)
        else:
            name = row.name_vi.removeprefix("Phá ").removeprefix("Đầm ")
            yield Known("spot", name, ward.province_code, CHANGE, ward.province_code, rank=3)
