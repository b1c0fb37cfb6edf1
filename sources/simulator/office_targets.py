"""Targets of wards, agencies and the province by month, and what was done; the people of each ward.

A rate stands with the number it is of; ``target`` and its kin are what was planned for the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from geodata.catalogue import service
from geodata.geography import collection
from sources.simulator.office_days import count, months, scatter
from sources.simulator.office_places import Seat, all_wards, centre, committee, departments, near, title
from sources.simulator.office_sheet import NOTHING, At, Known, Row
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town

TARGETS_PLAN = 90.0
"""Of the targets of a year's plan, how many in a hundred are to be met."""

WARD = "Phường, xã"
GROWTH_A_MONTH = 1.0008
YEAR_0 = 2026
INDICES = {
    "Chỉ số CCHC": (86.0, 3.0),
    "PCI": (66.0, 2.5),
    "SIPAS": (83.0, 3.0),
    "PAPI": (42.5, 1.5),
    "DTI": (0.68, 0.05),
}


def bodies(town: Town) -> tuple[tuple[Seat, str], ...]:
    """Who has targets, with its category: the province, its departments, its wards."""
    home = town.part(centre)
    province = Seat("ubnd_tinh", title(town, "ubnd_tinh", f"UBND {town.city.full_title_vi}"), near(home, 300, "ubnd"),
                    300, home)  # fmt: skip
    return (
        (province, "Tỉnh, thành phố"),
        *((seat, "Cơ quan") for seat in departments(town)),
        *((committee(town, ward), WARD) for ward in town.part(all_wards)),
    )


def monthly(town: Town, start: float, end: float) -> Iterator[Known]:
    """What each body had to do in a month and did; spending runs up over the year."""
    for month, t in months(start, end):
        for seat, kind in town.part(bodies):
            yield t, _month(town, seat, kind, month)


def is_recorded(_t: float, row: Row) -> bool:
    """Of wards the ends of quarters are enough for the past."""
    return row["Cấp"] != WARD or int(str(row["Tháng"]).partition("/")[0].removeprefix("Tháng ")) % 3 == 0


def _month(town: Town, seat: Seat, kind: str, month: date) -> dict[str, object]:
    skill = scatter(town.seed, "skill", seat.id, low=-0.08, high=0.06)
    targets = 12 + count(6, town.seed, "targets", seat.id, month.year)
    tasks = count(seat.staff * 0.9, town.seed, "tasks", seat.id, month)
    met = 0.88 + skill + 0.06 * scatter(town.seed, "met", seat.id, month, low=-1)
    on_time = 0.93 + skill / 2 + 0.04 * scatter(town.seed, "on time", seat.id, month, low=-1)
    spent = (
        (month.month / 12) ** 1.25 * (0.95 + skill) * scatter(town.seed, "spent", seat.id, month, low=0.93, high=1.07)
    )
    plan = count(seat.staff * 1.4, town.seed, "budget", seat.id, month.year) + 5
    own: dict[str, object] = {
        "Tháng": f"Tháng {month.month}/{month.year}",
        "Mã": seat.id,
        "Đơn vị": seat.name,
        "Cấp": kind,
        "Chỉ tiêu được giao": targets,
        "Chỉ tiêu đạt": min(round(targets * met), targets),
        "Nhiệm vụ được giao": tasks,
        "Nhiệm vụ đúng hạn": min(round(tasks * on_time), tasks),
        "Kế hoạch vốn (tỷ đồng)": plan,
        "Đã giải ngân (tỷ đồng)": round(plan * spent, 1),
        "Mục tiêu chỉ tiêu (%)": TARGETS_PLAN,
        "Mục tiêu giải ngân (%)": round(100 * month.month / 12, 1),
    }
    province = kind.startswith("Tỉnh")
    for name, (mean, spread) in INDICES.items():
        told = province and month.month == 12
        own[name] = round(mean + spread * scatter(town.seed, name, month.year, low=-1), 3) if told else NOTHING
    return {**own, "Kinh độ": seat.place[0], "Vĩ độ": seat.place[1]}


@lru_cache(maxsize=8)
def areas(codes: tuple[str, ...]) -> dict[str, float]:
    """Official areas of wards in km²; 50 where none is told."""
    frame = collection("wards")
    frame = frame[frame["id"].isin(codes)]
    return {
        str(code): float(area) if area and area > 0 else 50.0
        for code, area in zip(frame["id"], frame["area_km2"], strict=True)
    }


def people(town: Town, start: float, end: float) -> Iterator[Known]:
    """Who lives in each ward at the end of a month: counts, never a person; a small count is not told."""
    wards = town.part(all_wards)
    known = areas(tuple(ward.code for ward in wards))
    least = service("population").minimum_cell
    for month, t in months(start, end):
        age = (month.year - YEAR_0) * 12 + month.month
        for ward in wards:
            number = round(_people(town, ward) * GROWTH_A_MONTH**age)
            young = round(number * scatter(town.seed, "young", ward.code, low=0.21, high=0.3))
            old = round(number * scatter(town.seed, "old", ward.code, low=0.09, high=0.16))
            passing = round(number * scatter(town.seed, "passing", ward.code, low=0.0, high=0.05))
            yield (
                t,
                {
                    "Tháng": f"Tháng {month.month}/{month.year}",
                    "Mã phường, xã": ward.code,
                    "Phường, xã": ward.full_name,
                    "Dân số": number,
                    "Số hộ": round(number / scatter(town.seed, "household", ward.code, low=3.4, high=4.3)),
                    "Mật độ": round(number / known[ward.code], 1),
                    "Dưới 15 tuổi": young,
                    "Từ 60 tuổi": old,
                    "Tạm trú": passing if passing >= least else NOTHING,
                    "Lập lúc": At(t),
                },
            )


def _people(town: Town, ward: Ward) -> float:
    """Of the order of the real ones: some tens of thousands in a ward, half of that in a commune."""
    urban = ward.full_name.startswith("Phường")
    return (38_000 if urban else 17_000) * scatter(town.seed, "people", ward.code, low=0.55, high=1.45)
