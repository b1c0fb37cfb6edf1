"""Schools of the simulated city: pupils, who came, which are closed. In a flood they close; some take people in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sources.simulator.noise import chance, key
from sources.simulator.office_days import day_storm, days, months, scatter, works
from sources.simulator.office_places import chief_wards, near
from sources.simulator.office_sheet import At, Known
from sources.simulator.town import Town
from sources.simulator.water import LonLat

SERVICE = "education"
OUT_H = 8.5
KINDS = {"Mầm non": ("Trường Mầm non", 280), "Tiểu học": ("Trường Tiểu học", 620),
         "Trung học cơ sở": ("Trường THCS", 560), "Trung học phổ thông": ("Trường THPT", 1100)}  # fmt: skip
"""Levels with the word their names begin with and their usual pupils."""

MOST = 56
OPEN, CLOSED, ONLINE, SHELTER = "Học bình thường", "Nghỉ học", "Học trực tuyến", "Nơi sơ tán"


@dataclass(frozen=True, slots=True)
class School:
    """``bears`` is the severity from which on it is closed."""

    id: str
    name: str
    kind: str
    place: LonLat
    pupils: int
    teachers: int
    bears: float


def schools(town: Town) -> tuple[School, ...]:
    """A primary and a lower secondary school in a ward, the other two levels here and there."""
    found = []
    for n, ward in enumerate(town.part(chief_wards)):
        own = ["Tiểu học", *(["Trung học cơ sở"] if n % 2 == 0 else []), *(["Mầm non"] if n % 5 == 1 else []),
               *(["Trung học phổ thông"] if n % 5 == 0 else [])]  # fmt: skip
        for kind in own:
            word, usual = KINDS[kind]
            name = ward.full_name.removeprefix("Phường ").removeprefix("Xã ")
            pupils = round(usual * scatter(town.seed, "pupils", kind, ward.code, low=0.6, high=1.4))
            school = f"{key(kind) % 1000:03d}_{ward.code}"
            bears = 0.2 + 0.5 * chance(town.seed, "bears", school)
            place = near(ward, 900, school)
            found.append(School(school, f"{word} {name}", kind, place, pupils, pupils // 19, bears))
    return tuple(found[:MOST])


def state(town: Town, school: School, day: int) -> str:
    severity = day_storm(town, day)
    if severity < school.bears:
        return OPEN
    luck = chance(town.seed, "shut", school.id)
    return SHELTER if luck < 0.15 else ONLINE if luck < 0.3 and school.kind != "Mầm non" else CLOSED


def daily(town: Town, start: float, end: float) -> Iterator[Known]:
    """A school day at half past eight: the state of each school, who came of those enrolled."""
    for day, t in days(start, end, OUT_H):
        if not works(town, day):
            continue
        severity = day_storm(town, day)
        for school in town.part(schools):
            word = state(town, school, day)
            share = scatter(town.seed, "came", school.id, day, low=0.955, high=0.995) - 0.25 * severity
            yield (
                t,
                {
                    "Mã trường": school.id,
                    "Tên trường": school.name,
                    "Cấp học": school.kind,
                    "Ngày": At(t),
                    "Trạng thái": word,
                    "Sĩ số": school.pupils if word == OPEN else None,
                    "Có mặt": round(school.pupils * share) if word == OPEN else None,
                    "Kinh độ": school.place[0],
                    "Vĩ độ": school.place[1],
                },
            )


def monthly(town: Town, start: float, end: float) -> Iterator[Known]:
    """How large schools are, once a month."""
    for month, t in months(start, end):
        for school in town.part(schools):
            yield (
                t,
                {
                    "ma": school.id,
                    "thang": f"Tháng {month.month}/{month.year}",
                    "hoc_sinh": school.pupils,
                    "giao_vien": school.teachers,
                    "si_so": round(scatter(town.seed, "class", school.id, low=24, high=42), 1),
                },
            )
