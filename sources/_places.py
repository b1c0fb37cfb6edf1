"""Placing a text by the gazetteer: the wards, else the province, that it speaks of, and how sure that is.

Never a point: a place read from words is an area, that of the units named. Ambiguous names are settled by what else
the text names (its district, its province), then by the provinces the outlet writes about; what stays ambiguous lowers
the confidence or is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapely.geometry.base import BaseGeometry

from geodata.admin_units import CHANGE
from geodata.records import JSON
from sources._place_index import SHIPPED, Known
from sources._place_scan import Mention, mentions
from sources._unit_areas import area, union

MAX_SUMMARY = 1500
MOST_WARDS = 6
MOST_MEANINGS = 4
_SMALL = frozenset(("ward", "commune", "township", "special_zone"))

TITLED, BARE = 0.95, 0.8
IN_SUMMARY = 0.87
"""Share of the confidence that a name in the summary has of one in the headline."""
DISTRICT, WATER, PROVINCE = 0.8, 0.55, 0.9


@dataclass(frozen=True, slots=True)
class Place:
    """``level`` is ward, province or none; ``confidence`` 0…1. Without a known area ``geometry`` is None."""

    level: str = "none"
    confidence: float = 0.0
    geometry: BaseGeometry | None = None
    told: tuple[Known, ...] = ()

    @property
    def properties(self) -> Mapping[str, JSON]:
        """What was read, for whoever asks why the text stands where it stands."""
        return {
            "names": [entry.name for entry in self.told],
            "codes": [entry.code for entry in self.told],
            "kinds": sorted({entry.kind for entry in self.told}),
            "provinces": sorted({entry.province for entry in self.told}),
        }


@dataclass(frozen=True, slots=True)
class _Read:
    """A mention with the meanings that are left, and how sure it is."""

    meant: tuple[Known, ...]
    confidence: float
    headline: bool


def place(title: str, summary: str, day: date, provinces: Iterable[str] = ()) -> Place:
    """Where the article of that day is about. ``provinces`` are codes of today that the outlet writes about."""
    focus = frozenset(provinces) or SHIPPED
    found = [(mention, True) for mention in mentions(title)]
    found += [(mention, False) for mention in mentions(summary[:MAX_SUMMARY])]
    near = _named_provinces(mention for mention, _ in found) or focus
    districts = {
        entry.code
        for mention, _ in found
        for entry in mention.known
        if entry.kind == "district" and (mention.titled or len(mention.known) == 1)
    }
    read = [one for mention, headline in found if (one := _settled(mention, headline, near, focus, districts, day))]
    return _wards(read) or _waters(read, focus) or _provinces(read, focus) or Place()


def _named_provinces(found: Iterable[Mention]) -> frozenset[str]:
    """Provinces that the text names."""
    return frozenset(entry.province for mention in found for entry in mention.known if entry.kind == "province")


def _settled(
    mention: Mention, headline: bool, near: frozenset[str], focus: frozenset[str], districts: set[str], day: date
) -> _Read | None:
    left: Sequence[Known] = mention.known
    large = [entry for entry in left if entry.kind == "province"]
    if large and (not mention.titled or any(entry.province in near for entry in large)):
        left = large
    else:
        inside = [entry for entry in left if entry.province in near] or [e for e in left if e.province in focus]
        if not inside:
            return _outside(mention, headline) if mention.titled else None
        bare = [] if mention.titled else [entry for entry in inside if entry.kind == "district"]
        left = bare or inside  # bare, the larger one is meant: A Lưới
    left = _of_the_day(left, mention, districts, day)
    base = (TITLED if mention.titled else BARE) * mention.trust * (1.0 if headline else IN_SUMMARY)
    if any(entry.rank == 2 and entry.kind in _SMALL for entry in left) and not mention.titled:
        base *= 0.75  # an old ward's bare name is most often something else
    if len({entry.code for entry in left}) > MOST_MEANINGS:
        return None
    return _Read(tuple(left), base / len({entry.code for entry in left}), headline)


def _outside(mention: Mention, headline: bool) -> _Read | None:
    """A titled name far away: known for sure only when there is but one."""
    if len({entry.province for entry in mention.known}) != 1:
        return None
    return _Read(mention.known[:1], TITLED * (1.0 if headline else IN_SUMMARY), headline)


def _of_the_day(left: Sequence[Known], mention: Mention, districts: set[str], day: date) -> Sequence[Known]:
    """Of several of one name: in the district that is named, then the units of the article's day."""
    if inside := [entry for entry in left if entry.district in districts]:
        return inside
    new = [entry for entry in left if entry.on >= CHANGE]
    old = [entry for entry in left if entry.on < CHANGE]
    first, second = (old, new) if mention.old or day < CHANGE else (new, old)
    chosen = first or second
    least = min(entry.rank for entry in chosen)
    return [entry for entry in chosen if entry.rank == least]


def _wards(read: Sequence[_Read]) -> Place | None:
    """The wards of the headline, else of the summary; else old districts, which are areas of wards."""
    for headline in (True, False):
        for kinds, factor in ((_SMALL, 1.0), (frozenset(("district",)), DISTRICT), (frozenset(("spot",)), WATER)):
            found = [
                one
                for one in read
                if one.headline is headline and all(entry.kind in kinds and len(entry.code) > 2 for entry in one.meant)
            ]
            if made := _made(found, factor):
                return made
    return None


def _made(found: Sequence[_Read], factor: float) -> Place | None:
    told = tuple(dict.fromkeys(entry for one in found for entry in one.meant))
    shapes = [shape for entry in told if (shape := area(entry.code, entry.on)) is not None]
    if not told or len(told) > MOST_WARDS or len({entry.province for entry in told}) > 1:
        return None
    certain = sum(one.confidence for one in found) / len(found) * (1.0 if len(found) == 1 else 0.95)
    divided = 0.9 if any(entry.on < CHANGE for entry in told) else 1.0
    return Place("ward", round(certain * factor * divided, 2), union(shapes), told)


def _waters(read: Sequence[_Read], focus: frozenset[str]) -> Place | None:
    """A river or lagoon says no more than the province, and only where it is in one."""
    found = [one for one in read if any(entry.kind in {"river", "spot"} for entry in one.meant)]
    told = [entry for one in found for entry in one.meant if entry.province in focus]
    if len({entry.province for entry in told}) != 1:
        return None
    shape = area(told[0].province, CHANGE)
    return Place("province", round(max(one.confidence for one in found) * WATER, 2), shape, tuple(told[:1]))


def _provinces(read: Sequence[_Read], focus: frozenset[str]) -> Place | None:
    """The province named; of several the one of ours; wards of one province that are too many to draw."""
    weights: dict[str, float] = {}
    told: dict[str, Known] = {}
    for one in read:
        if len({entry.province for entry in one.meant}) == 1:
            entry = one.meant[0]
            told.setdefault(entry.province, entry)
            weights[entry.province] = max(weights.get(entry.province, 0.0), one.confidence)
    if not weights:
        return None
    ours = {code: weight for code, weight in weights.items() if code in focus}
    chosen = max(ours or weights, key=lambda code: weights[code])
    entry = told[chosen]
    rivals = len(ours or weights)
    shape = area(entry.code, entry.on) if entry.kind == "province" else area(chosen, CHANGE)
    certain = weights[chosen] * PROVINCE / rivals * (0.85 if len(weights) > rivals else 1.0)
    return Place("province", round(certain, 2), shape, (entry,))
