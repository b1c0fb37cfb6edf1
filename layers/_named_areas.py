"""Areas of the units that a warning names, by code or in words, when it draws none: approximate, and said so.

A code or name is read as of today's units first, then as of those before 1 July 2025 (``geodata.admin_units``). Areas
are the built-in cells of the provinces of the shipped cities; a unit elsewhere has none here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.admin_units import CHANGE, LAST_OLD, NoSuchUnit, convert, groups, new_units, old_units
from geodata.folding import composed, fold, marked
from geodata.geography import collection

CODE = re.compile(r"\d{2}|\d{3}|\d{5}")
KINDS = {
    "phường": "small", "xã": "small", "thị trấn": "small", "đặc khu": "small",
    "huyện": "district", "quận": "district", "thị xã": "district",
    "tỉnh": "province", "thành phố": "province",
}  # fmt: skip
"""What follows a title; a city that is no province is a district of before, a bare name may be anything."""

SHORT = {"tp": "thành phố", "tx": "thị xã", "p": "phường", "x": "xã", "h": "huyện", "q": "quận", "t": "tỉnh"}
AT_SEA = re.compile(r"\b(?:vùng biển|vung bien|ngoài khơi|ngoai khoi|trên biển|tren bien|sea)\b")
"""A part that speaks of the sea off a province does not mean the province."""

MOST_WORDS = 5
LOOKED_AT = 5000
"""Characters of an area's description that are read."""

Entry = tuple[str, bool, frozenset[str]]
"""Kind (small, district, province), whether the unit is no more, codes of today that have its area."""


@cache
def wards() -> Mapping[str, shapely.Geometry]:
    """Wards of today by code, EPSG:4326."""
    frame = collection("wards")
    return {str(code): shape for code, shape in zip(frame["id"], frame.geometry, strict=True)}


@cache
def cells() -> Mapping[str, shapely.Geometry]:
    """Wards and provinces of today by code, EPSG:4326."""
    frames = (collection("wards"), collection("provinces"))
    return {str(code): shape for f in frames for code, shape in zip(f["id"], f.geometry, strict=True)}


@cache
def _names(*, marked: bool) -> Mapping[str, tuple[Entry, ...]]:
    """Short name to the units that have it, by their words with marks, or folded for texts without any."""
    found: dict[str, list[Entry]] = {}

    def add(name: str, kind: str, codes: Iterable[str], *, old: bool = False) -> None:
        known = frozenset(codes).intersection(cells())
        if known:
            found.setdefault(composed(name) if marked else fold(name), []).append((kind, old, known))

    for unit in new_units().values():
        add(unit.name, "small", [unit.code])
    for code, group in groups(CHANGE).items():
        add(group.name, "province", [code])
    for unit in old_units().values():
        add(unit.name, "small", heirs(unit.code), old=True)
    for code, group in groups(LAST_OLD).items():
        add(group.name, "district" if group.kind == "district" else "province", heirs(code), old=True)
    return {name: tuple(dict.fromkeys(entries)) for name, entries in found.items()}


def heirs(code: str) -> list[str]:
    """Codes of today of a unit that had this code before the change; none for an unknown code."""
    try:
        return [heir.unit.code for heir in convert(code)]
    except NoSuchUnit:
        return []


def of_codes(geocodes: object) -> shapely.Geometry | None:
    """The union of the units of CAP geocodes (``{"name", "value"}``); None when none has an area here."""
    values = (
        [str(one.get("value") or "") for one in geocodes if isinstance(one, Mapping)]
        if isinstance(geocodes, list)
        else []
    )
    found = set()
    for value in (v for v in values if CODE.fullmatch(v)):
        found.update([value] if value in cells() else heirs(value))
    return _union(found)


def of_words(text: str | None) -> shapely.Geometry | None:
    """The union of the units that an area's description names after their title: phường, xã, huyện, tỉnh ….

    Wards win over the district and the province that only say where they lie, units of today over those of before. A
    name that several have counts only inside a district or province that the text names too.
    """
    said = list(_said(text or ""))
    wide = [entry for entries in said for entry in entries if entry[0] != "small"]
    around = frozenset(code for entry in wide for code in _inside(entry[2]))
    found: set[str] = set()
    for entries in said:
        options = {entry[2] for entry in entries if entry[0] == "small"}
        inside = {codes for codes in options if codes & around} or options
        if len(inside) == 1:
            found |= next(iter(inside))
    for kind in ("district", "province"):
        found = found or {code for entry in wide if entry[0] == kind for code in entry[2]}
    return _union(found)


def _said(text: str) -> Iterator[Sequence[Entry]]:
    """The entries of each name that follows a title, also of names in a row: "các phường A, B và C"."""
    plain = re.sub(r"\b(tp|tx|p|x|h|q|t)\. ?(?=[^\W\d_])", lambda m: f"{SHORT[m[1]]} ", composed(text[:LOOKED_AT]))
    names = _names(marked=marked(text))
    spelled = {title if marked(text) else fold(title): kind for title, kind in KINDS.items()}
    title = re.compile(rf"\b({'|'.join(sorted(spelled, key=len, reverse=True))})\b")
    for part in re.split(r"[;.\n()]", plain):
        kind = None
        if AT_SEA.search(part):
            continue
        for piece in re.split(r",| và | and | - ", part):
            matches = list(title.finditer(piece))
            starts = [(spelled[m[1]], m.end()) for m in matches] or ([(kind, 0)] if kind else [])
            for kind, start in starts:
                tokens = re.findall(r"[\w']+", piece[start:])[:MOST_WORDS]
                options = (" ".join(tokens[:n]) for n in range(len(tokens), 0, -1))
                entries = next((names[name] for name in options if name in names), ())
                if entries:
                    yield _meant(entries, kind)


def _meant(entries: Sequence[Entry], kind: str) -> Sequence[Entry]:
    """Of units that share a name those that the title fits, of these those of today."""
    fitting = [e for e in entries if e[0] == kind] or [e for e in entries if kind == "province" and e[0] == "district"]
    return [e for e in fitting if not e[1]] or fitting or entries


@cache
def _inside(codes: frozenset[str]) -> frozenset[str]:
    """The codes and, of provinces, those of their wards."""
    wards = (code for code, unit in new_units().items() if unit.province_code in codes)
    return codes | frozenset(wards)


def _union(codes: Iterable[str]) -> shapely.Geometry | None:
    shapes = [cells()[code] for code in sorted(codes) if code in cells()]
    return shapely.union_all(shapes) if shapes else None


def placed(alerts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The alerts with ``area_from``: "drawn" by the sender, "units" by code, "words" by name, None without an area."""
    origin: list[str | None] = []
    shapes: list[Any] = []
    for shape, properties, words in zip(alerts.geometry, alerts["properties"], alerts["area_desc"], strict=True):
        known = properties if isinstance(properties, Mapping) else {}
        found, how = shape, "units" if known.get("geocodes") else "drawn"
        if found is None or found.is_empty:
            found, how = of_codes(known.get("geocodes")), "units"
        if found is None:
            found, how = of_words(words if isinstance(words, str) else None), "words"
        shapes.append(found)
        origin.append(None if found is None else how)
    out = alerts.set_geometry(gpd.GeoSeries(shapes, index=alerts.index, crs=alerts.crs))
    return out.assign(area_from=pd.Series(origin, out.index, dtype=object))
