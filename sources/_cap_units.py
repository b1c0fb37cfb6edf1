"""Geocodes of CAP that are Vietnamese administrative units, old or new, and their areas.

A code is that of the General Statistics Office: two digits a province, three a district (until 30 June 2025), five a
ward or commune. A code says nothing without its date: the message's own, unless the name of the code says ``old``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from shapely.geometry.base import BaseGeometry

from geodata.admin_units import LAST_OLD
from geodata.folding import fold
from sources._unit_areas import area, area_then_or_now

_OF_VIET_NAM = frozenset(
    ("vn", "vnm", "viet", "nam", "gso", "nso", "tctk", "dvhc", "ma", "unit", "admin", "xa", "phuong", "huyen", "quan")
).union(("tinh", "province", "district", "commune", "ward"))
_OLD = frozenset(("old", "cu", "2024", "legacy"))
_DIGITS = re.compile(r"\d{2}|\d{3}|\d{5}")
_ISO = re.compile(r"VN-(\d\d)", re.IGNORECASE)
_BY_ISO = {"22": "40", "24": "44", "25": "45", "26": "46", "32": "54", "33": "66"}
"""ISO 3166-2:VN to the codes of the old provinces that the shipped cities lie in."""


def places(geocodes: Iterable[tuple[str, str]], sent: date) -> tuple[list[BaseGeometry], list[str]]:
    """The areas of what is known, and the units of ours (``name=value``) that have none."""
    shapes, unknown = [], []
    for name, value in geocodes:
        if iso := _ISO.fullmatch(value):
            shape = area(_BY_ISO.get(iso[1], ""), LAST_OLD)
        elif _DIGITS.fullmatch(value) and (words := _words(name)) & _OF_VIET_NAM:
            old = bool(words & _OLD) or len(value) == 3
            shape = area(value, LAST_OLD) if old else area_then_or_now(value, sent)
        else:
            continue  # of another system of codes: kept beside the message
        if shape is None:
            unknown.append(f"{name}={value}")
        else:
            shapes.append(shape)
    return shapes, unknown


def _words(name: str) -> frozenset[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)
    return frozenset(fold(spaced).split())
