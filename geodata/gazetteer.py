"""Names to places and places to names: search as one types, and the ward a point lies in.

Places of the map, units of today and of before 1 July 2025, agencies and operating areas of the cities are found
together. Search folds marks, đ and Unicode forms and knows the spellings that people mix (Đắk Lắk, Đăk Lăk, Dak Lak,
Đắc Lắc; Srêpôk, Sêrêpốk). Conversion of old units stands in ``geodata.admin_units`` and is offered here too.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import cos, hypot, radians
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from geodata import admin_units
from geodata.admin_units import CHANGE, LAST_OLD, Successor, Unit, convert, new_units, old_units, unit
from geodata.city import cities
from geodata.folding import composed, marked, words
from geodata.geography import collection

__all__ = ["Hit", "Successor", "Unit", "convert", "search", "unit", "ward_at", "wards_of"]

Kind = Literal[
    "city", "province", "ward", "place", "sea", "lagoon", "river", "island", "area", "agency", "old_province",
    "old_district", "old_ward",
]  # fmt: skip

_PRIOR: Mapping[str, float] = {
    "city": 0,
    "area": 0.5,
    "province": 1,
    "ward": 2,
    "lagoon": 1,
    "river": 1,
    "island": 1,
    "sea": 1,
    "place": 2,
    "agency": 3,
    "old_province": 4,
    "old_district": 5,
    "old_ward": 6,
}
"""Of two equal matches the one that people mean more often comes first."""

_KIND_WORDS = frozenset(
    ("phuong", "xa", "tinh", "huyen", "quan", "p", "x", "h", "tp", "t", "thanh pho", "thi tran", "thi xa", "dak khu")
)

_GENERIC = frozenset(("song", "pha", "dam", "dao", "vinh", "vung", "hon"))

FAR_KM = 60.0
KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class Hit:
    """A found name. ``lon``, ``lat`` (EPSG:4326) are None for an agency without a place.

    ``detail`` says in Vietnamese what and where it is; ``ref`` is the unit's code, the agency's or area's id.
    """

    kind: Kind
    name: str
    detail: str
    lon: float | None
    lat: float | None
    ref: str
    approximate: bool = False

    def distance_km(self, lon: float, lat: float) -> float:
        """On the plane at that latitude: only for ranking. Infinite without a place."""
        if self.lon is None or self.lat is None:
            return float("inf")
        return KM_PER_DEGREE * hypot((self.lon - lon) * cos(radians(lat)), self.lat - lat)


@dataclass(frozen=True, slots=True)
class _Entry:
    hit: Hit
    name: tuple[str, ...]  # words of the short name
    context: frozenset[str]  # further words by which it may be narrowed: its kind, its province
    exact: str
    ours: bool  # in a province of one of the cities
    weight: float  # by kind, then by the rank of the label: an archipelago before its island


@dataclass(frozen=True, slots=True)
class _Index:
    entries: tuple[_Entry, ...]
    vocabulary: tuple[str, ...]  # sorted
    postings: tuple[frozenset[int], ...]  # entries of each word

    def starting(self, prefix: str) -> set[int]:
        """Entries that have a word with this beginning."""
        first = bisect_left(self.vocabulary, prefix)
        last = bisect_left(self.vocabulary, prefix + "\x7f")
        return set().union(*self.postings[first:last])


def search(text: str, limit: int = 10, near: tuple[float, float] | None = None) -> list[Hit]:
    """The best matches of what was typed so far, best first; every word must begin a word of the name or its context.

    ``near`` is (lon, lat), usually the middle of the map: of equal matches the nearer comes first.
    """
    asked = words(text)
    if not asked:
        return []
    index = _index()
    found = set.intersection(*(index.starting(word) for word in asked))
    if len(asked[0]) == 1 and len(asked) == 1:  # a single letter matches half the country: the likely half will do
        found = {n for n in found if index.entries[n].ours and _PRIOR[index.entries[n].hit.kind] < _PRIOR["agency"]}
    exact = composed(text) if marked(text) else None
    core = _without_kind(asked)
    ranked = sorted((_rank(index.entries[n], asked, core, exact, near), n) for n in found)
    unique = {(hit.kind, hit.ref): hit for hit in (index.entries[n].hit for _, n in ranked)}
    return list(unique.values())[:limit]


def _without_kind(asked: tuple[str, ...]) -> tuple[str, ...]:
    """The words after phường, xã, tỉnh …, when there are any."""
    for n in (2, 1):
        if " ".join(asked[:n]) in _KIND_WORDS and len(asked) > n:
            return asked[n:]
    return asked


def _rank(
    entry: _Entry,
    asked: tuple[str, ...],
    core: tuple[str, ...],
    exact: str | None,
    near: tuple[float, float] | None,
) -> tuple[float, ...]:
    """Smaller is better: how much of the name was typed, marks, distance, kind."""
    match = float(_match(entry.name, asked))
    if core != asked:
        match = min(match, _match(entry.name, core) + 0.5)
    far = entry.hit.distance_km(*near) if near else 0.0
    return (
        match,
        0 if exact is None or exact in entry.exact else 1,
        far > FAR_KM if near else not entry.ours,
        entry.weight,
        far,
        len(entry.hit.name),
    )


def _match(name: tuple[str, ...], asked: tuple[str, ...]) -> int:
    """0 the whole name, 1 its beginning, 2 words of it, 3 helped by the context."""
    if name == asked:
        return 0
    last = len(asked) - 1
    if name[:last] == asked[:last] and len(name) > last and name[last].startswith(asked[last]):
        return 1
    return 2 if all(any(word.startswith(a) for word in name) for a in asked) else 3


@cache
def _index() -> _Index:
    """Built on first use, about 0.3 s."""
    entries = tuple(_entries())
    postings: dict[str, set[int]] = {}
    for n, entry in enumerate(entries):
        for word in {*entry.name, *entry.context}:
            postings.setdefault(word, set()).add(n)
    vocabulary = tuple(sorted(postings))
    return _Index(entries, vocabulary, tuple(frozenset(postings[word]) for word in vocabulary))


def _entries() -> Iterator[_Entry]:
    ours = frozenset(code for city in cities().values() for code in city.province_codes)
    aliases = _aliases()
    ranks = {row.id: row.rank for row in collection("places").itertuples(index=False)}
    for hit, context, code in (*_places(), *_units(), *_old(), *_cities()):
        weight = _PRIOR[hit.kind] + ranks.get(hit.ref, 0) / 10
        inside = code is None or code in ours
        for name in (hit.name, *aliases.get(hit.name, ())):
            known = words(name)
            yield _Entry(hit, known, frozenset(words(context)), composed(f"{name} {context}"), inside, weight)
            if hit.kind in _TITLES and known[0] in _GENERIC:
                yield _Entry(hit, known[1:], frozenset(known[:1]), composed(name), inside, weight)


def _aliases() -> Mapping[str, list[str]]:
    text = files("geodata").joinpath("data", "names.toml").read_text(encoding="utf-8")
    aliases: Mapping[str, list[str]] = tomllib.loads(text)["aliases"]
    return aliases


Found = tuple[Hit, str, str | None]  # the hit, its context, the province it is in (None: anywhere)

_TITLES: Mapping[str, str] = {
    "city": "thành phố",
    "place": "địa danh",
    "sea": "biển",
    "lagoon": "đầm phá",
    "river": "sông",
    "island": "đảo",
}


def _places() -> Iterator[Found]:
    """Labels of the map but wards and provinces, which come with their codes from the unit tables."""
    seen = set()
    for row in collection("places").itertuples(index=False):
        if row.kind in _TITLES and (row.name_vi, row.kind) not in seen:
            seen.add((row.name_vi, row.kind))
            title = _TITLES[row.kind]
            yield Hit(row.kind, row.name_vi, title, row.geometry.x, row.geometry.y, row.id), title, None


def _units() -> Iterator[Found]:
    for found in new_units().values():
        hit = Hit("ward", found.name, found.path, found.lon, found.lat, found.code)
        yield hit, found.path, found.province_code
    for code, found in admin_units.groups(CHANGE).items():
        hit = Hit("province", found.name, found.full_name, found.lon, found.lat, code)
        yield hit, found.full_name, code


def _old() -> Iterator[Found]:
    today = {(found.full_name, found.province) for found in new_units().values()}
    for found in old_units().values():
        heir = convert(found.code)[0].unit
        if (found.full_name, heir.province) not in today:
            detail = f"{found.path} (cũ), nay thuộc {heir.path}"
            yield Hit("old_ward", found.name, detail, found.lon, found.lat, found.code), found.path, heir.province_code
    provinces = {found.full_name for found in admin_units.groups(CHANGE).values()}
    for code, found in admin_units.groups(LAST_OLD).items():
        heir = convert(code)[0].unit
        if found.full_name not in provinces:
            where = "" if found.kind == "province" else f", {found.province}"
            detail = f"{found.full_name}{where} (cũ), nay thuộc {heir.province}"
            kind: Kind = "old_province" if found.kind == "province" else "old_district"
            hit = Hit(kind, found.name, detail, found.lon, found.lat, code)
            yield hit, f"{found.full_name} {found.province}", heir.province_code


def _cities() -> Iterator[Found]:
    """Operating areas and agencies of the city files; an agency of a ward stands at the ward's point."""
    units = new_units()
    for city in cities().values():
        for area in city.areas:
            lon, lat = _middle(units[code] for code in area.wards if code in units)
            detail = f"địa bàn điều hành, {city.title_vi}"
            yield Hit("area", area.title_vi, detail, lon, lat, f"{city.id}:{area.id}", approximate=True), detail, None
        for agency in city.agencies:
            ward = units.get(agency.ward_code or "")
            ended = f" (đến {agency.valid_to:%d/%m/%Y})" if agency.valid_to else ""
            detail = f"cơ quan, {city.title_vi}{ended}"
            lon, lat = (ward.lon, ward.lat) if ward else (None, None)
            hit = Hit("agency", agency.title_vi, detail, lon, lat, f"{city.id}:{agency.id}")
            yield hit, f"co quan {city.title_vi}", None


def _middle(units: Iterable[Unit]) -> tuple[float | None, float | None]:
    points = [(found.lon, found.lat) for found in units]
    if not points:
        return None, None
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


@cache
def _ward_tree() -> shapely.STRtree:
    return shapely.STRtree(collection("wards").geometry.to_numpy())


def ward_at(lon: float, lat: float, within_m: float = 500.0) -> Unit | None:
    """The ward of today at a point in EPSG:4326, by the approximate cells; only in the provinces of the cities.

    A point on the water takes the nearest ward within ``within_m`` metres: the shore is that rough. Else None.
    """
    wards, tree, point = collection("wards"), _ward_tree(), shapely.Point(lon, lat)
    inside = tree.query(point, predicate="intersects")
    if len(inside):
        return new_units()[str(wards["id"].iloc[int(inside.min())])]
    nearest = tree.query_nearest(point, max_distance=1.1 * within_m / (1000 * KM_PER_DEGREE * cos(radians(lat))))
    if not len(nearest):
        return None
    row = int(nearest.min())
    line = shapely.shortest_line(point, wards.geometry.iloc[row]).coords
    (x0, y0), (x1, y1) = line[0], line[-1]
    away_m = 1000 * KM_PER_DEGREE * hypot((x1 - x0) * cos(radians(lat)), y1 - y0)
    return new_units()[str(wards["id"].iloc[row])] if away_m <= within_m else None


def wards_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> list[str | None]:
    """Codes of the wards of many points in EPSG:4326; None on water and outside the cities' provinces.

    On an edge that two cells share it is one of them.
    """
    points = shapely.points(np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float)))
    assert isinstance(points, np.ndarray)
    rows, cells = _ward_tree().query(points, predicate="intersects")
    codes: list[str | None] = [None] * len(points)
    known = collection("wards")["id"].to_numpy()
    for row, cell in zip(rows.tolist(), cells.tolist(), strict=True):
        codes[row] = str(known[cell])
    return codes
