"""Tourism of the simulated city: visitors of sites and guests of stays, day by day, in every year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from sources.simulator.clock import local_midnight
from sources.simulator.noise import chance
from sources.simulator.office_days import count, date_of, day_storm, days, scatter
from sources.simulator.office_places import chief_wards, near
from sources.simulator.office_sheet import NOTHING, At, Known
from sources.simulator.town import Town
from sources.simulator.water import LonLat

SERVICE = "tourism"
OUT_H = 21.0
GROWTH = 1.11
"""From one year to the next."""

YEAR_0 = 2026
SEASON = (0.9, 1.1, 0.95, 1.05, 1.2, 1.5, 1.55, 1.35, 0.95, 0.8, 0.75, 0.85)
"""By month: beaches and school holidays in summer, festivals after Tết, rain in autumn."""

WEEKEND = 1.6
MONDAY = 4


class Site(BaseModel):
    """``visitors`` of a usual day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    category: str
    at: LonLat
    visitors: int


class Places(BaseModel):
    """``stays``: how many hotels and homestays tell their guests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sites: tuple[Site, ...]
    stays: int


@dataclass(frozen=True, slots=True)
class Stay:
    id: str
    name: str
    kind: str
    place: LonLat
    rooms: int


def places(town: Town) -> Places:
    return town.data("offices", Places) or Places(sites=(), stays=12)


def has_places(town: Town) -> bool:
    return bool(town.part(places).sites)


def stays(town: Town) -> tuple[Stay, ...]:
    """Hotels in the wards where most people live, and some homestays."""
    found = []
    wards = sorted(town.part(chief_wards), key=lambda ward: -ward.weight)
    for n in range(town.part(places).stays):
        ward = wards[n % len(wards)]
        home = n % 4 == 3
        name = f"{'Homestay' if home else 'Khách sạn'} {ward.full_name} {n // len(wards) + 1}"
        rooms = (
            6 + int(8 * chance(town.seed, "rooms", n)) if home else 30 + int(150 * chance(town.seed, "rooms", n) ** 2)
        )
        place = near(ward, 800, "stay", n)
        found.append(Stay(f"luu_tru_{n + 1:02d}", name, "Homestay" if home else "Khách sạn", place, rooms))
    return tuple(found)


def _level(town: Town, day: int) -> float:
    """How busy a day is: season, weekend, weather, and growth over the years."""
    on = date_of(day)
    weekend = WEEKEND if (day - MONDAY) % 7 >= 5 else 1.0
    return SEASON[on.month - 1] * weekend * (1 - 0.92 * day_storm(town, day)) * float(GROWTH ** (on.year - YEAR_0))


def sites(town: Town, start: float, end: float) -> Iterator[Known]:
    """Visitors of each site on a day, in the evening."""
    for day, t in days(start, end, OUT_H):
        level = _level(town, day)
        for site in town.part(places).sites:
            visitors = count(site.visitors * level, town.seed, "visitors", site.id, day)
            foreign = round(visitors * scatter(town.seed, "foreign", site.id, day, low=0.03, high=0.16))
            yield (
                t,
                {
                    "ma": site.id,
                    "ten": site.name,
                    "loai": site.category,
                    "toa_do": [site.at[0], site.at[1]],
                    "ngay": At(local_midnight(day), "%d/%m/%Y"),
                    "luot_khach": visitors,
                    "khach_quoc_te": foreign if foreign >= 3 else None,
                    "doanh_thu": round(visitors * 0.045, 1),
                    "gop_y": count(visitors / 1500, town.seed, "complaints", site.id, day),
                },
            )


def guests(town: Town, start: float, end: float) -> Iterator[Known]:
    """Rooms taken and guests of each stay, in the night of a day."""
    for day, t in days(start, end, OUT_H):
        level = min(_level(town, day) / 1.6, 1.15)
        for stay in town.part(stays):
            share = 0.62 * level * scatter(town.seed, "taken", stay.id, day, low=0.8, high=1.2)
            taken = min(round(stay.rooms * share), stay.rooms)
            here = round(taken * 1.7)
            yield (
                t,
                {
                    "Mã cơ sở": stay.id,
                    "Cơ sở lưu trú": stay.name,
                    "Loại": stay.kind,
                    "Ngày": At(local_midnight(day), "%d/%m/%Y"),
                    "Số phòng": stay.rooms,
                    "Phòng có khách": taken,
                    "Khách lưu trú": here if here == 0 or here >= 3 else NOTHING,
                    "Kinh độ": stay.place[0],
                    "Vĩ độ": stay.place[1],
                },
            )
