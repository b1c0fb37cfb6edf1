"""The offices of the simulated city: departments of its file near its centre, and the committees of its wards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry import Point

from geodata.city import Agency
from sources.simulator.noise import chance
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town
from sources.simulator.water import LonLat, offset

ARMED = frozenset(("bo_chqs", "bien_phong", "cong_an"))
"""Nobody publishes how many of them are in."""

MOST = 40
"""Of a city of many wards so many have what a city has everywhere: its people live in them."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agency sits: ``place`` is approximate; ``staff`` people work there."""

    id: str
    name: str
    place: LonLat
    staff: int
    ward: Ward


def all_wards(town: Town) -> tuple[Ward, ...]:
    return wards(town.city)


def chief_wards(town: Town) -> tuple[Ward, ...]:
    """The wards where most people live, in the order of their codes."""
    found = sorted(town.part(all_wards), key=lambda ward: (-ward.weight, ward.code))[:MOST]
    return tuple(sorted(found, key=lambda ward: ward.code))


def centre(town: Town) -> Ward:
    """The ward in which the city's own offices are: the nearest to its first view."""
    lon, lat = town.city.home[:2]
    return min(town.part(all_wards), key=lambda w: (w.place[0] - lon) ** 2 + (w.place[1] - lat) ** 2)


def near(ward: Ward, reach_m: float, *parts: object) -> LonLat:
    """A place within ``reach_m`` of the ward's own point and within its cell, the same for the same parts."""
    bearing, distance = 360 * chance("bearing", *parts), reach_m * (0.15 + 0.85 * chance("distance", *parts))
    for share in (1, 0.5, 0.25, 0.1):
        lon, lat = offset(ward.place, bearing, distance * share)
        if ward.cell.contains(Point(lon, lat)):
            break
    return round(lon, 6), round(lat, 6)


def title(town: Town, name: str, otherwise: str) -> str:
    """The title of the city's agency of that id; ``otherwise`` when its file has none."""
    found = (a.title_vi for a in town.city.agencies if a.id == name and a.valid_to is None)
    return next(found, otherwise)


def committee(town: Town, ward: Ward) -> Seat:
    """The People's Committee of a ward."""
    known: Agency | None = next(
        (a for a in town.city.agencies if a.ward_code == ward.code and a.valid_to is None), None
    )
    name = known.title_vi if known else f"UBND {ward.name}"
    staff = 24 + int(30 * chance(town.seed, "staff", ward.code))
    return Seat(known.id if known else f"ubnd_{ward.code}", name, near(ward, 120, ward.code), staff, ward)


def committees(town: Town) -> tuple[Seat, ...]:
    """Of the wards where most people live."""
    return tuple(committee(town, ward) for ward in town.part(chief_wards))


def departments(town: Town) -> tuple[Seat, ...]:
    """The city's own departments, about its centre; not the armed forces."""
    home = town.part(centre)
    found: Sequence[Agency] = [
        a for a in town.city.agencies if a.class_ == "department" and a.valid_to is None and a.id not in ARMED
    ]
    return tuple(
        Seat(a.id, a.title_vi, near(home, 900, a.id), 18 + int(110 * chance(town.seed, "staff", a.id) ** 2), home)
        for a in found
    )
