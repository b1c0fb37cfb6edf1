"""What the duty desks write down: incidents of public order, incidents on the roads. In a flood both change their kind.

An incident is taken down, worked on, and done; nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from sources.simulator.clock import local_midnight
from sources.simulator.noise import dice
from sources.simulator.office_cases import FORM, Cabinet, Case, Step
from sources.simulator.office_days import storm
from sources.simulator.office_places import all_wards, near
from sources.simulator.office_sheet import At, Known
from sources.simulator.office_texts import chosen, texts
from sources.simulator.report_kinds import Ward
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

ORDER_A_DAY, ROADS_A_DAY = 26, 16
STORM_TIMES = 1.5
"""So many times more come in the hours of a storm's height."""

NIGHTLY = (5, 4, 3, 2, 1, 1, 2, 3, 4, 4, 4, 4, 4, 3, 4, 4, 5, 6, 7, 8, 9, 9, 8, 7)
RUSH = (1, 1, 1, 1, 1, 3, 7, 10, 7, 5, 5, 6, 4, 4, 5, 6, 9, 11, 7, 5, 4, 3, 2, 1)
"""How incidents of order and of the roads spread over the local day."""

NEW, WORKING, DONE = "Mới tiếp nhận", "Đang xử lý", "Đã giải quyết"


def order_cabinet(town: Town) -> Cabinet:
    return Cabinet(town, _order_day, 2)


def road_cabinet(town: Town) -> Cabinet:
    return Cabinet(town, _road_day, 3)


def order(town: Town, start: float, end: float) -> Iterator[Known]:
    """Incidents of public order with each change of their state."""
    return town.part(order_cabinet).rows(start, end)


def roads(town: Town, start: float, end: float) -> Iterator[Known]:
    """Incidents on the roads: told when they begin, and again with their end."""
    return town.part(road_cabinet).rows(start, end)


def _times(town: Town, name: str, day: int, calm: int, spread: Sequence[int]) -> Iterator[tuple[int, float, float]]:
    """Number, instant and severity of a day's incidents: those of a calm day, then what a storm adds."""
    roll = dice(town.seed, name, day)
    for n in range(round(calm * (1 + STORM_TIMES))):
        t = float(int(local_midnight(day) + (roll.choices(range(24), spread)[0] + roll.random()) * HOUR_S))
        severity = storm(town, t)
        if n < calm or roll.random() < severity:
            yield n, t, severity


def _where(town: Town, roll: Random, title: str, *parts: object) -> dict[str, object]:
    """Streets with names are those of wards, where there are any."""
    wards: Sequence[Ward] = town.part(all_wards)
    if "{street}" in title:
        wards = [ward for ward in wards if ward.full_name.startswith("Phường")] or wards
    ward = roll.choices(wards, [ward.weight for ward in wards])[0]
    street = roll.choice(town.profile.streets or ("Lê Lợi",))
    lon, lat = near(ward, ward.spread_m, town.seed, *parts)
    return {"noi_dung": title.format(street=street, ward=ward.name), "kinh_do": lon, "vi_do": lat,
            "phuong_xa": ward.full_name}  # fmt: skip


def _order_day(town: Town, day: int) -> Iterator[Case]:
    for n, t, severity in _times(town, "order", day, ORDER_A_DAY, NIGHTLY):
        roll = dice(town.seed, "incident", day, n)
        kind = chosen(roll, texts().incident, severity)
        title = kind.calm if kind.calm and severity < 0.3 else kind.title
        cells = {"so": f"{day}.{n:03d}", "loai": kind.code, "muc": kind.severity, "luc": At(t, FORM),
                 **_where(town, roll, title, "order", day, n)}  # fmt: skip
        steps = [Step(t + roll.uniform(60, 400), NEW), Step(t + roll.uniform(600, 1800), WORKING)]
        steps.append(Step(t + roll.uniform(1, 20) * HOUR_S, DONE, closed=True))
        yield Case(t, t + 24 * HOUR_S, cells, tuple(steps))


def _road_day(town: Town, day: int) -> Iterator[Case]:
    for n, t, severity in _times(town, "roads", day, ROADS_A_DAY, RUSH):
        roll = dice(town.seed, "road", day, n)
        kind = chosen(roll, texts().road, severity)
        cells = {"so": f"{day}.{n:03d}", "loai": kind.code, "muc": kind.severity, "luc": At(t, FORM),
                 **_where(town, roll, kind.title, "road", day, n)}  # fmt: skip
        over = t + kind.hours * roll.uniform(0.6, 1.6) * HOUR_S
        yield Case(t, over, cells, (Step(t + roll.uniform(60, 300), WORKING), Step(over, DONE, closed=True)))
