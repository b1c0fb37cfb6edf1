"""Licences to dig up or narrow a road, as a department of construction keeps them, a pure function of the seed.

A licence stands in the table from the day on which work begins; it is prolonged, suspended while a storm lasts, done,
or withdrawn. Nobody is named but the firms that work, and those are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from pydantic import BaseModel, ConfigDict

from geodata.crs import transformer
from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S, local_day, local_midnight
from sources.simulator.noise import dice
from sources.simulator.office_days import date_of, works
from sources.simulator.office_places import all_wards, near
from sources.simulator.report_kinds import Ward
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

LONGEST_DAYS = 45
"""No licence lives longer, prolonged and suspended."""

FIRST_DAY = 20_000
A_DAY_AT_MOST = 2
"""Numbers of cases: those of a local day have their own."""

STOP_AT, GO_AT = 0.5, 0.25
"""Severity of the storm at which all work is suspended, and taken up again."""

WORKING, SUSPENDED, PROLONGED, DONE, WITHDRAWN = (
    "Đang thi công", "Tạm dừng thi công", "Gia hạn", "Hoàn thành", "Thu hồi giấy phép",
)  # fmt: skip

KINDS: Sequence[tuple[str, float, bool]] = (
    ("Đào đường lắp đặt ống cấp nước", 22, False),
    ("Lắp đặt cống thoát nước, bó vỉa", 18, True),
    ("Hạ ngầm cáp điện và viễn thông", 20, False),
    ("Thảm bê tông nhựa mặt đường", 12, True),
    ("Sửa chữa cầu, khe co giãn", 6, True),
    ("Lát vỉa hè, trồng cây xanh", 14, False),
    ("Lắp đặt trụ đèn tín hiệu, chiếu sáng", 8, False),
)
"""What is done, how often, and whether it may close the road."""

FIRMS = (
    "Công ty CP Cấp nước", "Công ty CP Môi trường và Công trình đô thị", "Công ty Điện lực", "Viễn thông tỉnh",
    "Công ty TNHH Xây dựng Trường Sơn 68", "Công ty CP Cầu đường An Bình", "Công ty TNHH Hạ tầng Phú Lộc",
)  # fmt: skip
REASONS = ("thi công ngoài phạm vi được cấp phép", "không hoàn trả mặt đường", "không bảo đảm an toàn giao thông")


class RoadWorks(BaseModel):
    """``profiles/road_works/CITY.toml``: licences of a working day; ``srid`` is the plane of the office's plans."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a_day: float
    srid: int


@dataclass(frozen=True, slots=True)
class Licence:
    """A row of the office's table as it stands since ``changed`` (epoch s). ``north`` and ``east`` in metres of the
    office's plane: its columns X and Y, for a Vietnamese plan has X to the north.
    """

    case: int
    number: str
    firm: str
    work: str
    street: str
    ward: str
    north: float
    east: float
    closes: bool
    begins: float
    ends: float
    state: str
    note: str | None
    changed: float


@dataclass
class Register:
    """The office's licences by the local day on which their work begins; each with every state that it takes on."""

    town: Town
    own: RoadWorks
    _days: dict[int, tuple[Licence, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, town: Town) -> Register | None:
        """None where the city has no such office."""
        own = town.data("road_works", RoadWorks)
        return cls(town, own) if own is not None and town.runs("traffic") else None

    def changes(self, start: float, end: float) -> list[Licence]:
        """Every state that a licence took on with start < changed <= end, in that order."""
        first, last = local_day(start) - LONGEST_DAYS, local_day(end)
        self._days = {day: rows for day, rows in self._days.items() if day >= first - LONGEST_DAYS}
        found = [row for day in range(first, last + 1) for row in self._day(day) if start < row.changed <= end]
        return sorted(found, key=lambda row: (row.changed, row.case))

    def standing(self, t: float) -> list[Licence]:
        """The table at an instant: the last state of every licence that it still holds."""
        last = {row.case: row for row in self.changes(t - LONGEST_DAYS * DAY_S, t)}
        return sorted(last.values(), key=lambda row: (row.changed, row.case))

    def _day(self, day: int) -> tuple[Licence, ...]:
        if day not in self._days:
            lives = (_life(self.town, first) for first in _of_day(self.town, self.own, day))
            self._days[day] = tuple(row for life in lives for row in life)
        return self._days[day]


def _of_day(town: Town, own: RoadWorks, day: int) -> Iterator[Licence]:
    """The licences whose work begins on that local day, as they stand then."""
    if not works(town, day):
        return
    roll = dice(town.seed, "road works", town.city.id, day)
    count = int(own.a_day) + (roll.random() < own.a_day % 1)
    for n in range(min(count, A_DAY_AT_MOST)):
        first = _first(town, own, day, n)
        if not any(stop <= first.begins < go for stop, go in town.part(rests)):
            yield first


def _first(town: Town, own: RoadWorks, day: int, n: int) -> Licence:
    roll = dice(town.seed, "road work", town.city.id, day, n)
    work, _, may_close = roll.choices(KINDS, [weight for _, weight, _ in KINDS])[0]
    wards: Sequence[Ward] = town.part(all_wards)
    wards = [ward for ward in wards if ward.full_name.startswith("Phường")] or wards
    ward = roll.choices(wards, [ward.weight for ward in wards])[0]
    lon, lat = near(ward, ward.spread_m, town.seed, "road work", day, n)
    east, north = transformer(4326, own.srid).transform(lon, lat)
    begins = float(int(local_midnight(day) + (roll.choice((7, 8, 21, 22)) + roll.random() / 2) * HOUR_S))
    case, date = (day - FIRST_DAY) * A_DAY_AT_MOST + n, date_of(day)
    return Licence(
        case=case,
        number=f"{2 * date.timetuple().tm_yday + n}/{date.year}/GP-SXD",
        firm=roll.choice(FIRMS),
        work=work,
        street=roll.choice(town.profile.streets or ("Lê Lợi",)),
        ward=ward.full_name,
        north=round(float(north), 3),
        east=round(float(east), 3),
        closes=may_close and roll.random() < 0.3,
        begins=begins,
        ends=_evening(begins + roll.uniform(3, 16) * DAY_S),
        state=WORKING,
        note=None,
        changed=begins,
    )


def _evening(t: float) -> float:
    """17:00 of that local day."""
    return float(int((t + LOCAL_OFFSET_S) // DAY_S * DAY_S - LOCAL_OFFSET_S + 17 * HOUR_S))


def _life(town: Town, first: Licence) -> Iterator[Licence]:
    """The licence after each change, in order."""
    roll = dice(town.seed, "life of road work", first.case)
    yield first
    row, over = first, False
    for change in sorted([*_course(first, roll), *_storm(town, first)], key=lambda one: one.changed):
        over = over or row.state in {DONE, WITHDRAWN}
        if over or change.changed <= row.changed or change.state == row.state:
            continue
        ends = change.ends if change.state in {PROLONGED, DONE, WITHDRAWN} else row.ends
        row = replace(change, ends=max(ends, row.begins))
        yield row


def _course(first: Licence, roll: Random) -> Iterator[Licence]:
    """What happens to it in good weather: one in sixteen is withdrawn, one in five prolonged, all others end."""
    ends, fate = first.ends, roll.random()
    length = ends - first.begins
    if fate < 1 / 16:
        t = float(int(first.begins + length * roll.uniform(0.2, 0.8)))
        yield replace(first, state=WITHDRAWN, ends=t, note=roll.choice(REASONS), changed=t)
        return
    if fate < 1 / 16 + 1 / 5:
        asked = float(int(ends - roll.uniform(8, 30) * HOUR_S))
        ends = _evening(ends + roll.uniform(3, 12) * DAY_S)
        yield replace(first, state=PROLONGED, ends=ends, note="do thời tiết, mặt bằng", changed=asked)
    t = float(int(ends - roll.uniform(0, 6) * HOUR_S))
    yield replace(first, state=DONE, ends=t, changed=t)


def _storm(town: Town, first: Licence) -> Iterator[Licence]:
    """All work rests in a storm: the office writes it down case by case."""
    for n, (stop, go) in enumerate(town.part(rests)):
        late = 60.0 * (1 + first.case % 45)
        yield replace(first, state=SUSPENDED, note="mưa lũ", changed=stop + late)
        yield replace(first, state=WORKING, note=None, changed=go + late + n)


def rests(town: Town) -> tuple[tuple[float, float], ...]:
    """From when to when all work rests (epoch s): while the scenario's storm is hard."""
    storm = town.scenario.storm
    if storm is None:
        return ()
    t = town.begun + np.arange(storm.starts_h, storm.ends_h + 0.25, 0.25) * HOUR_S
    severity = town.severity(t)
    hard = np.flatnonzero(severity >= STOP_AT)
    if not len(hard):
        return ()
    after = np.flatnonzero((t > t[hard[-1]]) & (severity <= GO_AT))
    return ((float(t[hard[0]]), float(t[after[0]] if len(after) else t[-1])),)
