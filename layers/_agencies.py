"""Agencies by their id in the city files: name, and which of the classes of focal points they are of.

A layer does not know its city, so an id is looked up in all of them; the same id is the same kind of body everywhere.
Huế's 85 focal points of 2019 were of three classes: departments, districts, wards (districts ended on 01/7/2025).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from geodata.city import Agency, cities
from layers import _wards

CLASSES: Mapping[str, tuple[str, str]] = {
    "department": ("Sở, ban, ngành", "Department"),
    "district": ("UBND cấp huyện", "District committee"),
    "ward": ("UBND phường, xã", "Ward committee"),
    "enterprise": ("Doanh nghiệp", "Enterprise"),
    "other": ("Khác", "Other"),
}
_COMMITTEE = re.compile(r"^ubnd_\d{5}$")


@cache
def agencies() -> Mapping[str, Agency]:
    """Every agency of every city by id; of the same id the first city's."""
    found: dict[str, Agency] = {}
    for city in cities().values():
        for agency in city.agencies:
            found.setdefault(agency.id, agency)
    return found


def class_of(agency: object) -> str | None:
    """The class of an agency's id; None for one that no city has."""
    if not isinstance(agency, str):
        return None
    known = agencies().get(agency)
    if known is not None:
        return known.class_
    return "ward" if _COMMITTEE.match(agency) else None


def class_words(agency: object, language: str) -> str:
    """The class in words, empty when it is not known."""
    vi, en = CLASSES.get(class_of(agency) or "", ("", ""))
    return vi if language == "vi" else en


def title(agency: object, language: str) -> str | None:
    """The agency's name; of a ward committee that no city lists, the ward's. A name is given back as it is."""
    if not isinstance(agency, str) or not agency:
        return None
    known = agencies().get(agency)
    if known is not None:
        return known.title(language)
    ward = _wards.by_code(agency) if _COMMITTEE.match(agency) else None
    if ward is None:
        return agency
    return f"UBND {ward.name[0].lower()}{ward.name[1:]}" if language == "vi" else f"Committee of {ward.name}"
