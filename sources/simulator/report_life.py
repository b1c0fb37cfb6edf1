"""The life of each report: screening, dispatch, work, result, sometimes an extension, a refusal, a second opening.

Most are done well before their deadline. Of the reports due on one working day the first three by chance are late by
about a working day, the next four are done in the last hours: so two to four are overdue at any time, some nearly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from geodata.city import Agency
from sources.simulator.clock import local_day
from sources.simulator.noise import dice, key
from sources.simulator.report_intake import WORK_HOURS, Desk, Intake, day_of
from sources.simulator.report_storm import is_of_storm

HORIZON_DAYS = 30
"""Reports older than this are no longer handed out."""

LATE_A_DAY, LAST_HOURS_A_DAY = 3, 4
LOOK_BACK_DAYS = 18  # no deadline is further from its report, long holidays but one aside
NORMAL = "bình thường"

SUBMITTED, SCREENING, DISPATCHED, WORKING = "mới gửi", "kiểm duyệt", "đã phân phối", "đang xử lý"
EXTENSION, RESOLVED, CLOSED = "xin gia hạn", "đã xử lý", "đã công khai"
REJECTED, DUPLICATE, REOPENED = "từ chối", "trùng", "mở lại"
"""The words of the city's own system."""

CLOSING = {CLOSED, REJECTED, DUPLICATE}


@dataclass(frozen=True, slots=True)
class Stage:
    """The state of a report from ``t`` on (epoch s)."""

    t: float
    word: str
    agency: str | None = None
    deadline: float | None = None
    notes: str | None = None
    rating: str | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    intake: Intake
    stages: tuple[Stage, ...]  # in the order of time; the first is the submission

    def at(self, t: float) -> Stage | None:
        """The stage the report has reached, None before it was sent."""
        return next((stage for stage in reversed(self.stages) if stage.t <= t), None)


@dataclass
class Office:
    """Everything that happens to the reports of a city."""

    seed: int
    desk: Desk
    _days: dict[int, Sequence[Intake]] = field(default_factory=dict, init=False)
    _lives: dict[int, tuple[Report, ...]] = field(default_factory=dict, init=False)
    _ranks: dict[int, Mapping[int, int]] = field(default_factory=dict, init=False)

    def reports(self, start: float, end: float, now: float) -> Iterator[Report]:
        """Reports requested in start ≤ t ≤ end that are there at ``now``, oldest first."""
        first = max(local_day(start), local_day(now) - HORIZON_DAYS)
        for day in range(first, local_day(min(end, now)) + 1):
            for report in self._day(day):
                if start <= report.intake.requested <= min(end, now):
                    yield report

    def report(self, number: int, now: float) -> Report | None:
        """The report of that number, None when it is not there at ``now`` or no longer handed out."""
        day = day_of(number)
        if not local_day(now) - HORIZON_DAYS <= day <= local_day(now):
            return None
        return next((report for report in self._day(day) if report.intake.number == number), None)

    def forget_before(self, t: float) -> None:
        """Drops what is kept of days that no question will reach any more."""
        oldest = local_day(t) - HORIZON_DAYS - LOOK_BACK_DAYS - 2
        for kept in (self._days, self._lives, self._ranks):
            for day in [day for day in kept if day < oldest]:
                del kept[day]

    def _intake(self, day: int) -> Sequence[Intake]:
        if day not in self._days:
            self._days[day] = self.desk.day(day)
        return self._days[day]

    def _day(self, day: int) -> tuple[Report, ...]:
        if day not in self._lives:
            intakes = self._intake(day)
            self._lives[day] = tuple(
                Report(intake, tuple(self._life(intake, intakes[:n]))) for n, intake in enumerate(intakes)
            )
        return self._lives[day]

    @cached_property
    def _agencies(self) -> Mapping[str, Agency]:
        return {agency.id: agency for agency in self.desk.city.agencies if agency.valid_to is None}

    @cached_property
    def _of_ward(self) -> Mapping[str, Agency]:
        return {agency.ward_code: agency for agency in self._agencies.values() if agency.ward_code}

    def _agency(self, intake: Intake) -> str:
        """Who answers: the first of the kind's agencies that the city has, else the ward's People's Committee."""
        for name in intake.kind.agencies:
            if name in self._agencies:
                return self._agencies[name].title_vi
        own = self._of_ward.get(intake.ward.code)
        return own.title_vi if own else f"UBND {intake.ward.name}"

    def _rank(self, intake: Intake) -> int:
        """The place of a report among the accepted ordinary ones due on its day, by chance; 0 is the unluckiest."""
        day = local_day(intake.deadline)
        if day not in self._ranks:
            due = [
                other
                for before in range(LOOK_BACK_DAYS)
                for other in self._intake(day - before)
                if not is_of_storm(other.number)
                and local_day(other.deadline) == day
                and other.urgency == NORMAL
                and _is_accepted(self.seed, other)
            ]
            due.sort(key=lambda other: key(self.seed, "luck", other.number))
            self._ranks[day] = {other.number: place for place, other in enumerate(due)}
        return self._ranks[day].get(intake.number, LATE_A_DAY + LAST_HOURS_A_DAY)

    def _life(self, intake: Intake, earlier: Sequence[Intake]) -> Iterator[Stage]:
        roll = dice(self.seed, "life", intake.number)
        t = intake.requested
        yield Stage(t, SUBMITTED)
        t += roll.uniform(120, 1500)
        yield Stage(t, SCREENING)
        t += roll.uniform(240, 2400)
        if not _is_accepted(self.seed, intake):
            stormy = is_of_storm(intake.number)
            twin = next(
                (
                    other
                    for other in reversed(earlier)
                    if other.kind is intake.kind
                    and is_of_storm(other.number) == stormy
                    and (not stormy or other.ward is intake.ward)
                ),
                None,
            )
            if twin is not None and roll.random() < 0.35:
                yield Stage(t, DUPLICATE, notes=f"Trùng với phản ánh {twin.number}.", duplicate_of=twin.number)
            else:
                yield Stage(t, REJECTED, notes="Phản ánh chưa đủ thông tin để xác minh.")
            return
        yield from self._handled(roll, intake, t)

    def _handled(self, roll: Random, intake: Intake, t: float) -> Iterator[Stage]:
        agency, deadline = self._agency(intake), intake.deadline
        urgent = intake.urgency == "khẩn"
        hours = WORK_HOURS[intake.urgency]
        rank = self._rank(intake) if intake.urgency == NORMAL else LATE_A_DAY + LAST_HOURS_A_DAY
        yield Stage(t, DISPATCHED, agency, deadline)
        begun = t + roll.uniform(300, 1500) if urgent else self.desk.after(t, roll.uniform(0.3, 3))
        done, extended = self._done(roll, intake, rank, begun)
        if begun < done:
            yield Stage(begun, WORKING, agency, deadline)
        if extended is not None:
            deadline = self.desk.after(deadline, hours)
            yield Stage(extended, EXTENSION, agency, deadline, "Cần thêm thời gian phối hợp với đơn vị liên quan.")
        yield Stage(done, RESOLVED, agency, deadline, "Đã kiểm tra và xử lý, gửi kết quả chờ duyệt.")
        pressed = urgent or rank < LATE_A_DAY + LAST_HOURS_A_DAY
        closed = done + roll.uniform(300, 1500) if pressed else self.desk.after(done, roll.uniform(0.3, 4))
        rating = roll.choices((None, "hài lòng", "chấp nhận", "không hài lòng"), (55, 34, 7, 4))[0]
        notes = f"{agency} đã xử lý xong. Cảm ơn phản ánh của ông, bà."
        yield Stage(closed, CLOSED, agency, deadline, notes, rating)
        if rating == "không hài lòng" and roll.random() < 0.6:
            again = closed + roll.uniform(3600, 30_000)
            renewed = self.desk.after(again, hours)
            yield Stage(again, REOPENED, agency, renewed, "Người phản ánh chưa đồng ý với kết quả.")
            done = self.desk.after(again, roll.uniform(0.15, 0.5) * hours)
            yield Stage(done, RESOLVED, agency, renewed, "Đã xử lý lại.")
            yield Stage(self.desk.after(done, roll.uniform(0.3, 3)), CLOSED, agency, renewed, notes, "chấp nhận")

    def _done(self, roll: Random, intake: Intake, rank: int, begun: float) -> tuple[float, float | None]:
        """When the work is done, and when an extension was asked for, if it was."""
        hours = WORK_HOURS[intake.urgency]
        if rank < LATE_A_DAY:
            return self.desk.after(intake.deadline, roll.uniform(5.6, 7.4)), None
        if rank < LATE_A_DAY + LAST_HOURS_A_DAY:
            return max(begun + 600, self.desk.after(intake.requested, hours * roll.uniform(0.82, 0.97))), None
        if intake.urgency != "khẩn" and roll.random() < 0.05:
            asked = max(begun + 600, self.desk.after(intake.requested, hours * roll.uniform(0.5, 0.66)))
            return self.desk.after(asked, hours * roll.uniform(0.3, 0.6)), asked
        share = roll.triangular(0.1, 0.62, 0.3)
        if intake.urgency == "khẩn":
            pressed = roll.uniform(1, 5) if is_of_storm(intake.number) else 1.0  # every team is out already
            return begun + roll.uniform(1200, 7200) * pressed, None
        return max(begun + 600, self.desk.after(intake.requested, hours * share)), None


def _is_accepted(seed: int, intake: Intake) -> bool:
    return dice(seed, "screening", intake.number).random() > 0.13
