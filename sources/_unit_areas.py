"""The areas of administrative units, of today and of before 1 July 2025, by code: cells of the built-in geography.

They are approximate and exist in the provinces of the shipped cities only; elsewhere a unit has no area here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache

import shapely
from shapely.geometry.base import BaseGeometry

from geodata.admin_units import CHANGE, LAST_OLD, NoSuchUnit, convert, unit
from geodata.geography import collection


@cache
def _cells() -> Mapping[str, BaseGeometry]:
    """Wards and provinces of today by code."""
    wards, provinces = collection("wards"), collection("provinces")
    pairs = [*zip(wards["id"], wards.geometry, strict=True), *zip(provinces["id"], provinces.geometry, strict=True)]
    return {str(code): shape for code, shape in pairs}


@lru_cache(maxsize=4096)
def area(code: str, on: date) -> BaseGeometry | None:
    """The area of the unit that had this code on that day, EPSG:4326; None for an unknown code or area.

    A unit that is no more is the union of the units of today that took a part of it.
    """
    if on >= CHANGE and code in _cells():
        return _cells()[code]
    try:
        if on >= CHANGE:
            unit(code, on=on)
            return None
        heirs = convert(code)
    except NoSuchUnit:
        return None
    return union(_cells()[heir.unit.code] for heir in heirs if heir.unit.code in _cells())


def area_then_or_now(code: str, on: date) -> BaseGeometry | None:
    """As ``area``; a code that nothing has on that day is read as one of before the change."""
    try:
        unit(code, on=on)
    except NoSuchUnit:
        return area(code, LAST_OLD)
    return area(code, on)


def union(shapes: Iterable[BaseGeometry]) -> BaseGeometry | None:
    """One shape of all; None of none."""
    found = list(shapes)
    if len(found) < 2:
        return found[0] if found else None
    merged: BaseGeometry = shapely.union_all(found)
    return merged
