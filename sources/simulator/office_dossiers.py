"""One-stop offices: a day's dossiers, the five groups of Decision 766/QĐ-TTg by month, and some dossiers on their way.

The groups and their marks: transparency 18, progress 20, digitisation 22, online service 22, satisfaction 18.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sources.simulator.clock import local_midnight
from sources.simulator.noise import dice
from sources.simulator.office_cases import Cabinet, Case, Step
from sources.simulator.office_days import after, count, day_storm, days, months, scatter, works
from sources.simulator.office_places import Seat, centre, committees, near, title
from sources.simulator.office_sheet import At, Known
from sources.simulator.office_texts import texts
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

SERVICE = "public_services"
OUT_H = 17.5
DOSSIERS_A_DAY = 26
LONGEST_DAYS = 45
CENTRE_NAME = "Trung tâm Phục vụ hành chính công"

ACCEPTED, WORKING, PAPERS, DONE, HANDED = (
    "Được tiếp nhận", "Đang xử lý", "Yêu cầu bổ sung giấy tờ", "Đã xử lý xong", "Đã trả kết quả",
)  # fmt: skip
CODES = {ACCEPTED: "2", "Không được tiếp nhận": "3", WORKING: "4", PAPERS: "5", DONE: "9", HANDED: "10"}
"""Words and codes of the national portal."""

RATES = {"Trực tuyến": (0.78, 0.12), "Thanh toán": (0.55, 0.2), "Số hóa": (0.84, 0.1), "Hài lòng": (0.93, 0.05)}
"""The share of each rate and how far offices differ."""

MARKS = {"Công khai": 18, "Tiến độ": 20, "Điểm số hóa": 22, "Điểm trực tuyến": 22, "Điểm hài lòng": 18}


def offices(town: Town) -> tuple[Seat, ...]:
    """The city's centre and the one-stop offices of its wards."""
    home = town.part(centre)
    name = title(town, "hcc", f"{CENTRE_NAME} {town.city.title_vi}")
    return (Seat("hcc", name, near(home, 700, "hcc"), 90, home), *committees(town))


def _received(town: Town, seat: Seat, day: int) -> int:
    mean = seat.staff * 1.1 * (1 - 0.85 * day_storm(town, day))
    return count(mean, town.seed, "received", seat.id, day)


def daily(town: Town, start: float, end: float) -> Iterator[Known]:
    """A working day of each office, at its end; the oldest day first, as the workbook has them."""
    for day, t in days(start, end, OUT_H):
        if not works(town, day):
            continue
        for seat in town.part(offices):
            received = _received(town, seat, day)
            solved = round(received * scatter(town.seed, "solved", seat.id, day, low=0.85, high=1.1))
            late = min(count(solved * (0.02 + 0.1 * day_storm(town, day)), town.seed, "late", seat.id, day), solved)
            yield (
                t,
                {
                    "Ngày": At(t),
                    "Mã đơn vị": seat.id,
                    "Đơn vị": seat.name,
                    "Tiếp nhận": received,
                    "Đang giải quyết": round(seat.staff * 9 * scatter(town.seed, "open", seat.id, day, low=0.85)),
                    "Quá hạn": count(seat.staff / 12, town.seed, "overdue", seat.id, day // 3),
                    "Tổng số": solved,
                    "Đúng hạn": solved - late,
                    "Kinh độ": seat.place[0],
                    "Vĩ độ": seat.place[1],
                },
            )


def monthly(town: Town, start: float, end: float) -> Iterator[Known]:
    """The five groups by office: each rate with the number it is of, each group with its marks."""
    for month, t in months(start, end):
        for seat in town.part(offices):
            base = seat.staff * 23
            row: dict[str, object] = {"Tháng": f"Tháng {month.month}/{month.year}", "Mã đơn vị": seat.id,
                                      "Đơn vị": seat.name}  # fmt: skip
            for name, (mean, spread) in RATES.items():
                of = count(base, town.seed, "of", name, seat.id, month)
                share = mean + spread * scatter(town.seed, name, seat.id, low=-0.8, high=0.8)
                share += 0.03 * scatter(town.seed, name, seat.id, month, low=-1)
                row |= {f"{name}: số hồ sơ": of, f"{name}: đạt": min(round(of * max(share, 0)), of)}
            for name, most in MARKS.items():
                share = scatter(town.seed, name, seat.id, low=0.72, high=0.94)
                row[name] = round(most * (share + 0.04 * scatter(town.seed, name, seat.id, month, low=-1)), 1)
            yield t, row


def cabinet(town: Town) -> Cabinet:
    return Cabinet(town, _cases, LONGEST_DAYS)


def dossiers(town: Town, start: float, end: float) -> Iterator[Known]:
    """Some dossiers, state after state."""
    return town.part(cabinet).rows(start, end)


def _cases(town: Town, day: int) -> list[Case]:
    if not works(town, day):
        return []
    number = round(DOSSIERS_A_DAY * (1 - 0.85 * day_storm(town, day)))
    return [_case(town, day, n, dice(town.seed, "dossier", day, n)) for n in range(number)]


def _case(town: Town, day: int, n: int, roll: Random) -> Case:
    """Work starts the next hours; nearly all are done before their time, one in thirty late."""
    seat = roll.choice(town.part(offices))
    procedure = roll.choice(texts().procedure)
    begun = local_midnight(day) + roll.choice((7.6, 8, 9, 10, 13.6, 14, 15, 16)) * HOUR_S + roll.uniform(0, 3000)
    due = after(town, begun, procedure.hours)
    share = roll.uniform(1.05, 1.4) if roll.random() < 1 / 30 else roll.uniform(0.3, 0.95)
    done = after(town, begun, procedure.hours * share)
    steps = [Step(begun, ACCEPTED), Step(begun + roll.uniform(1200, 3000), WORKING)]
    if procedure.hours > 20 and roll.random() < 0.2:
        steps.append(Step(begun + (done - begun) / 3, PAPERS))
        steps.append(Step(begun + (done - begun) / 2, WORKING))
    handed = after(town, done, roll.uniform(1, 9))
    steps += [Step(done, DONE), Step(handed, HANDED, closed=True)]
    number = f"{day}.{n:03d}"
    cells = {"so_ho_so": number, "thu_tuc": procedure.name, "don_vi": seat.name, "phuong_xa": seat.ward.full_name,
             "kenh": "Trực tuyến" if roll.random() < 0.78 else "Trực tiếp"}  # fmt: skip
    return Case(begun, due, cells, tuple(step.coded(CODES) for step in steps))
