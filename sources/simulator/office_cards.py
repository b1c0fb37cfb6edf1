"""Electronic cards of the city's staff: how many are in, hour by hour; what the doors tell. Never who.

Counts under five are not told (the catalogue's minimum cell): the cell says nothing. Outside office hours the few on
duty are such a count.
"""

from __future__ import annotations

from collections.abc import Iterator

from geodata.catalogue import service
from sources.simulator.clock import LOCAL_OFFSET_S, local_day, local_midnight
from sources.simulator.noise import chance, dice
from sources.simulator.office_days import count, day_storm, days, scatter, storm, works
from sources.simulator.office_places import Seat, committees, departments
from sources.simulator.office_sheet import NOTHING, At, Known, Row
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

SERVICE = "staff_cards"
DELAY_S = 300.0
"""From the full hour to the row that counts it."""

SHARE = {
    6: 0.04, 7: 0.42, 8: 0.91, 9: 0.94, 10: 0.93, 11: 0.88, 12: 0.22, 13: 0.45, 14: 0.9, 15: 0.91, 16: 0.88, 17: 0.31,
    18: 0.09, 19: 0.04,
}  # fmt: skip
"""Of the staff, how many are in at each hour of a working day."""

RECORDED_H = (8, 10, 15, 19)
READERS = 30
DOORS_A_DAY = 22
DOOR_WORDS = {
    "Vào": ("Vào ngoài giờ qua cửa chính", 8),
    "Ra": ("Ra ngoài giờ qua cửa chính", 8),
    "Từ chối": ("Thẻ không hợp lệ bị từ chối", 6),
    "Cửa báo động": ("Cửa mở quá lâu", 3),
}


def seats(town: Town) -> tuple[Seat, ...]:
    return departments(town) + committees(town)


def hour_of(t: float) -> int:
    """The local hour that a row written at ``t`` counts."""
    return int((t - DELAY_S + LOCAL_OFFSET_S) // HOUR_S) % 24


def is_recorded(t: float, _row: Row) -> bool:
    """Four hours of a day are enough for the past."""
    return hour_of(t) in RECORDED_H


def told(number: int) -> int | str:
    """The count, or nothing when it is of too few people."""
    return NOTHING if 0 < number < service(SERVICE).minimum_cell else number


def hourly(town: Town, start: float, end: float) -> Iterator[Known]:
    """Who is in at each full hour, of those who have a card."""
    first, last = int((start - DELAY_S) // HOUR_S) + 1, int((end - DELAY_S) // HOUR_S)
    open_days: dict[int, bool] = {}
    for hour in range(first, last + 1):
        t = hour * HOUR_S
        day = local_day(t)
        if day not in open_days:
            open_days[day] = works(town, day)
        share = SHARE.get(hour_of(t + DELAY_S), 0.0) if open_days[day] else 0.0
        away = 0.45 * storm(town, t)
        for seat in town.part(seats):
            here = round(seat.staff * share * (1 - away) * scatter(town.seed, "in", seat.id, hour, low=0.93))
            yield (
                t + DELAY_S,
                {
                    "Mã cơ quan": seat.id,
                    "Cơ quan": seat.name,
                    "Kinh độ": seat.place[0],
                    "Vĩ độ": seat.place[1],
                    "Thời điểm": At(t),
                    "Số thẻ": seat.staff,
                    "Có mặt": told(here),
                },
            )


def daily(town: Town, start: float, end: float) -> Iterator[Known]:
    """What a working day came to, at its end."""
    for day, t in days(start, end, 17.75):
        if not works(town, day):
            continue
        away = 0.5 * day_storm(town, day)
        for seat in town.part(seats):
            came = round(seat.staff * (1 - away) * scatter(town.seed, "came", seat.id, day, low=0.9))
            late = count(came * (0.04 + 0.5 * away), town.seed, "late", seat.id, day)
            yield (
                t,
                {
                    "co_quan": seat.id,
                    "luc": At(t),
                    "the_dang_dung": told(came),
                    "luot_quet": told(count(came * 3.6, town.seed, "taps", seat.id, day)),
                    "di_muon": told(min(late, came)),
                    "khach": told(count(seat.staff * 0.8 * (1 - away), town.seed, "guests", seat.id, day)),
                },
            )


def reader_seats(town: Town) -> tuple[Seat, ...]:
    """The offices whose doors are watched: those with most staff."""
    return tuple(sorted(town.part(seats), key=lambda seat: (-seat.staff, seat.id))[:READERS])


def readers(town: Town, start: float, end: float) -> Iterator[Known]:
    """The state of the reader at each watched door, every six hours; in a storm some lose their line."""
    for hour in (0.5, 6.5, 12.5, 18.5):
        for day, t in days(start, end, hour):
            lost = 0.02 + 0.25 * storm(town, t)
            for seat in town.part(reader_seats):
                state = "mất kết nối" if chance(town.seed, "reader", seat.id, day, hour) < lost else "trực tuyến"
                yield (
                    t,
                    {
                        "thiet_bi": f"cua_{seat.id}",
                        "ten": f"Cửa chính {seat.name}",
                        "vi_tri": {"kinh_do": seat.place[0], "vi_do": seat.place[1]},
                        "luc": At(t),
                        "trang_thai": state,
                    },
                )


def is_evening(t: float, _row: Row) -> bool:
    """One state of a reader a day is enough for the past."""
    return int((t + LOCAL_OFFSET_S) // HOUR_S) % 24 == 18


def doors(town: Town, start: float, end: float) -> Iterator[Known]:
    """What a door told: after hours, refused cards, alarms. Which door and when, not whose card."""
    words = list(DOOR_WORDS)
    for day in range(local_day(start), local_day(end) + 1):
        roll = dice(town.seed, "doors", day)
        for n in range(round(DOORS_A_DAY * (1 + day_storm(town, day)))):
            kind = roll.choices(words, [weight for _, weight in DOOR_WORDS.values()])[0]
            hour = roll.choice((5.5, 6, 18.5, 19, 20, 21)) if kind in {"Vào", "Ra"} else roll.uniform(7, 17)
            t = float(int(local_midnight(day) + hour * HOUR_S + roll.uniform(0, 1700)))
            seat = roll.choice(town.part(reader_seats))
            yield (
                t,
                {
                    "so": f"{day}-{n}",
                    "luc": At(t, "%d/%m/%Y %H:%M:%S"),
                    "loai": kind,
                    "noi_dung": DOOR_WORDS[kind][0],
                    "thiet_bi": f"cua_{seat.id}",
                    "kinh_do": seat.place[0],
                    "vi_do": seat.place[1],
                },
            )
