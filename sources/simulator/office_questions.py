"""Questions of citizens to the portal and to switchboard 1022: asked, passed on, answered; who asks is invented.

In a storm there are more of them, and most ask about power, water and roads.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sources.simulator.clock import local_midnight
from sources.simulator.noise import dice
from sources.simulator.office_cases import Cabinet, Case, Step
from sources.simulator.office_days import after, storm
from sources.simulator.office_places import all_wards, committee, title
from sources.simulator.office_sheet import Known
from sources.simulator.office_texts import Question, chosen, texts
from sources.simulator.report_intake import GIVEN, HOURLY, MIDDLES, SURNAMES
from sources.simulator.report_kinds import Ward
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

A_DAY, STORM_TIMES = 40, 3.0
LONGEST_DAYS = 21
HOURS = {"Bình thường": 22.5, "Khẩn": 4.0, "Phức tạp": 52.5}
"""Deadlines in working hours, by urgency, as the catalogue has them."""

ASKED, PASSED, ANSWERED = "Mới tiếp nhận", "Đã chuyển cơ quan trả lời", "Đã trả lời"
CHANNELS = {"Tổng đài 1022": 60, "Cổng hỏi đáp": 30, "Zalo": 10}


def cabinet(town: Town) -> Cabinet:
    return Cabinet(town, _day, LONGEST_DAYS)


def questions(town: Town, start: float, end: float) -> Iterator[Known]:
    """Every question, state after state."""
    return town.part(cabinet).rows(start, end)


def _day(town: Town, day: int) -> Iterator[Case]:
    roll = dice(town.seed, "questions", day)
    for n in range(round(A_DAY * (1 + STORM_TIMES))):
        t = local_midnight(day) + (roll.choices(range(24), HOURLY)[0] + roll.random()) * HOUR_S
        severity = storm(town, t)
        if n < A_DAY or roll.random() < severity:
            yield _case(town, day, n, float(int(t)), severity)


def _case(town: Town, day: int, n: int, t: float, severity: float) -> Case:
    """Most are answered in good time; one in twenty late, more in a storm."""
    roll = dice(town.seed, "question", day, n)
    kind = chosen(roll, texts().question, severity)
    wards = town.part(all_wards)
    ward = roll.choices(wards, [ward.weight for ward in wards])[0]
    urgency = "Khẩn" if roll.random() < 0.03 + 0.3 * severity else "Phức tạp" if roll.random() < 0.08 else "Bình thường"
    late = roll.random() < 0.05 + 0.1 * severity
    share = roll.uniform(1.02, 1.4) if late else roll.uniform(0.15, 0.95)
    street = roll.choice(town.profile.streets or ("Lê Lợi",))
    cells = {
        "so": f"{day}.{n:03d}",
        "linh_vuc": {"ma": kind.code, "ten": kind.name},
        "cau_hoi": roll.choice(kind.texts).format(ward=ward.name, street=street),
        "muc_do": urgency,
        "kenh": roll.choices(tuple(CHANNELS), tuple(CHANNELS.values()))[0],
        "co_quan": _agency(town, kind, ward),
        "phuong_xa": ward.full_name,
        **_person(roll),
    }
    answered = after(town, t, HOURS[urgency] * share)
    passed = min(t + roll.uniform(300, 5400), (t + answered) / 2)
    notes = "Đã trả lời qua điện thoại và đăng trên cổng hỏi đáp."
    steps = (Step(t, ASKED), Step(passed, PASSED), Step(answered, ANSWERED, closed=True, notes=notes))
    return Case(t, after(town, t, HOURS[urgency]), cells, steps)


def _agency(town: Town, kind: Question, ward: Ward) -> str:
    return committee(town, ward).name if kind.agency == "ward" else title(town, kind.agency, kind.otherwise)


def _person(roll: Random) -> dict[str, str]:
    name = f"{roll.choice(SURNAMES)} {roll.choice(MIDDLES)} {roll.choice(GIVEN)}"
    return {"nguoi_hoi": name, "dien_thoai": f"0{roll.choice((3, 7, 8, 9))}{roll.randint(0, 99_999_999):08d}"}
