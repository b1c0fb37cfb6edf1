"""Health of the simulated city: hospitals and stations day by day, cases of diseases by ward and week.

Weekly counts under five are not told. One ward has an outbreak of dengue for some weeks of a season.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from geodata.catalogue import service
from sources.simulator.clock import local_midnight
from sources.simulator.noise import key
from sources.simulator.office_days import count, date_of, day_storm, days, scatter
from sources.simulator.office_places import all_wards, centre, chief_wards, near
from sources.simulator.office_sheet import NOTHING, At, Known
from sources.simulator.report_kinds import Ward
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town
from sources.simulator.water import LonLat

SERVICE = "health"
OUT_H, WEEKLY_OUT_H = 16.5, 9.0
CENTRES, STATIONS = 8, 24
OUTBREAK_WEEKS = 6
MONDAY = 4
"""Local day 4 (5 January 1970) was the first Monday."""


@dataclass(frozen=True, slots=True)
class Facility:
    """``beds`` 0: a station without."""

    id: str
    name: str
    kind: str
    place: LonLat
    beds: int
    cars: int


def facilities(town: Town) -> tuple[Facility, ...]:
    """Two hospitals in the middle, health centres, and stations of wards."""
    home, wards = town.part(centre), town.part(chief_wards)
    found = [
        Facility("bv_da_khoa", f"Bệnh viện Đa khoa {town.city.title_vi}", "Bệnh viện", near(home, 900, "bv1"), 900, 9),
        Facility(
            "bv_san_nhi", f"Bệnh viện Sản - Nhi {town.city.title_vi}", "Bệnh viện", near(home, 1400, "bv2"), 420, 4
        ),
    ]
    for n, ward in enumerate(wards):
        if n % max(len(wards) // CENTRES, 1) == 1 and len(found) < 2 + CENTRES:
            place = near(ward, 700, "ttyt", ward.code)
            beds = 80 + key(town.seed, "beds", ward.code) % 140
            found.append(
                Facility(f"ttyt_{ward.code}", f"Trung tâm Y tế {ward.full_name}", "Trung tâm y tế", place, beds, 3)
            )
    for ward in wards[:STATIONS]:
        place = near(ward, 500, "tyt", ward.code)
        found.append(Facility(f"tyt_{ward.code}", f"Trạm Y tế {ward.name}", "Trạm y tế", place, 0, 0))
    return tuple(found)


def daily(town: Town, start: float, end: float) -> Iterator[Known]:
    """Each facility at half past four: beds and how many are taken, visits, emergencies, ambulances that are free."""
    for day, t in days(start, end, OUT_H):
        severity, sunday = day_storm(town, day), (day - MONDAY) % 7 == 6
        for one in town.part(facilities):
            mean = (one.beds * 0.8 if one.beds else 32) * (0.3 if sunday else 1) * (1 - 0.6 * severity)
            share = scatter(town.seed, "taken", one.id, day, low=0.78, high=0.97) + 0.12 * severity
            urgent = one.beds * 0.06 * (1 + 1.8 * severity)
            yield (
                t,
                {
                    "Mã cơ sở": one.id,
                    "Cơ sở y tế": one.name,
                    "Loại": one.kind,
                    "Ngày giờ": At(t),
                    "Số giường": one.beds or NOTHING,
                    "Giường đang dùng": round(one.beds * share) if one.beds else NOTHING,
                    "Lượt khám": count(mean, town.seed, "visits", one.id, day),
                    "Cấp cứu": count(urgent, town.seed, "urgent", one.id, day) if one.beds else NOTHING,
                    "Xe cứu thương sẵn sàng": _cars(town, one, day, severity) if one.cars else NOTHING,
                    "Kinh độ": one.place[0],
                    "Vĩ độ": one.place[1],
                },
            )


def _cars(town: Town, one: Facility, day: int, severity: float) -> int:
    return int(one.cars * (1 - 0.7 * severity) * scatter(town.seed, "cars", one.id, day, low=0.5, high=1.05))


def weekly(town: Town, start: float, end: float) -> Iterator[Known]:
    """Cases of the week before, by ward, out on Monday morning."""
    for day, t in days(start, end, WEEKLY_OUT_H):
        if (day - MONDAY) % 7 == 0:
            week = (day - MONDAY) // 7 - 1
            yield from ((t, _cases(town, ward, week)) for ward in town.part(all_wards))


def _cases(town: Town, ward: Ward, week: int) -> dict[str, object]:
    """More people, more cases; a weekly count of too few is not told."""
    season = week // OUTBREAK_WEEKS
    wards = town.part(chief_wards)
    struck = wards[key(town.seed, "outbreak", season) % len(wards)].code == ward.code
    people = 3 + 5 * ward.weight
    dengue = people * (4 if struck else 1)
    first = local_midnight(week * 7 + MONDAY)
    monday = date_of(week * 7 + MONDAY)
    number, least = monday.isocalendar(), service(SERVICE).minimum_cell
    counts = {
        "sot_xuat_huyet": count(dengue, town.seed, "dengue", ward.code, week),
        "tay_chan_mieng": count(people * 0.8, town.seed, "hfmd", ward.code, week),
    }
    return {
        "ma_phuong": ward.code,
        "phuong_xa": ward.full_name,
        "tuan": f"Tuần {number.week}/{number.year}",
        "den": At(first + 7 * 24 * HOUR_S),
        **{name: number if number >= least else None for name, number in counts.items()},
    }
