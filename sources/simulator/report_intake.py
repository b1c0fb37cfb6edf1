"""What citizens send in: kind, words, place, person and deadline of each report, a pure function of (seed, day, n)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources import files
from random import Random

import geopandas as gpd
import numpy as np

from geodata.calendar import WorkCalendar
from geodata.city import City
from geodata.geography import collection
from sources.simulator.clock import local_midnight
from sources.simulator.noise import dice
from sources.simulator.profile import Profile
from sources.simulator.report_kinds import Kind, Ward
from sources.simulator.report_storm import FIRST_NUMBER, StormCalls, StormKind, is_of_storm
from sources.simulator.report_storm import NUMBERS_A_DAY as STORM_NUMBERS_A_DAY
from sources.simulator.spell import Spell
from sources.simulator.water import LonLat, offset

HOURLY = (1, 0.6, 0.4, 0.4, 0.6, 1.5, 4, 8, 10, 10, 9, 7, 5, 5, 7, 8, 8, 8, 8, 9, 8, 6, 4, 2)
"""How reports spread over the local day."""

WORK_HOURS = {"khẩn": 4.0, "bình thường": 22.5, "phức tạp": 52.5}
"""Deadlines in working hours of 7.5 a day: 4 h, 3 days, 7 days (usual practice, no city's own rule)."""

FIRST_DAY, NUMBERS_A_DAY = 20_000, 200
"""Numbers of reports: the first of local day 20,000 (in 2024) is 0, and each day has its 200."""

CHANNELS = {"Ứng dụng di động": 70, "Cổng thông tin": 12, "Tổng đài": 14, "Zalo": 4}
SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Võ", "Đặng", "Bùi", "Hồ", "Tôn Thất", "Ngô")
MIDDLES = ("Văn", "Thị", "Minh", "Thanh", "Quốc", "Ngọc", "Hữu", "Thu")
GIVEN = ("An", "Bình", "Châu", "Dũng", "Hà", "Hải", "Hạnh", "Khánh", "Lan", "Long", "Mai", "Nam", "Phương", "Tâm", "Tú")


@dataclass(frozen=True, slots=True)
class Intake:
    """A report as it came in. Times in epoch s, degrees EPSG:4326; ``deadline`` counts working hours."""

    number: int
    day: int
    requested: float
    kind: Kind
    urgency: str
    ward: Ward
    place: LonLat
    title: str
    text: str
    address: str
    channel: str
    first_name: str
    last_name: str
    phone: str
    deadline: float


def kinds() -> tuple[Kind, ...]:
    text = files("sources.simulator").joinpath("report_texts.toml").read_text(encoding="utf-8")
    return tuple(Kind.model_validate(kind) for kind in tomllib.loads(text)["kind"])


def wards(city: City) -> tuple[Ward, ...]:
    """The city's wards: those of its operating areas when it is smaller than its province, else the province's."""
    frame = collection("wards")
    frame = frame[frame["province_code"].isin(city.province_codes)]
    west, south, east, north = city.bounds
    lon, lat = frame["lon"], frame["lat"]
    frame = frame[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)]
    return tuple(_ward(row) for _, row in frame.sort_values("id").iterrows())


def _ward(row: gpd.GeoSeries) -> Ward:
    area = float(row["area_km2"]) if row["area_km2"] and row["area_km2"] > 0 else 50.0
    density = 1 / max(area, 4.0) ** 0.5
    return Ward(
        code=str(row["id"]),
        full_name=str(row["full_name"]),
        place=(float(row["lon"]), float(row["lat"])),
        cell=row["geometry"],
        spread_m=min(1500.0, 260 * area**0.5),
        weight=(3.0 if row["kind"] == "ward" else 1.0) * (0.3 + 2 * density),
    )


def day_of(number: int) -> int:
    """The local day of the report of that number."""
    if is_of_storm(number):
        return (number - FIRST_NUMBER) // STORM_NUMBERS_A_DAY + FIRST_DAY
    return number // NUMBERS_A_DAY + FIRST_DAY


@dataclass
class Desk:
    """The intake desk of a city; a storm's reports come on top of those of any day, which stay as they are."""

    seed: int
    city: City
    profile: Profile
    spell: Spell | None = None

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        return kinds()

    @cached_property
    def wards(self) -> tuple[Ward, ...]:
        return wards(self.city)

    @cached_property
    def calendar(self) -> WorkCalendar:
        return WorkCalendar(timezone=self.city.timezone)

    def day(self, day: int) -> Sequence[Intake]:
        """The reports of a local day, in the order of time; fewer at weekends."""
        roll = dice(self.seed, "reports", day)
        weekend = (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday
        count = round(self.profile.reports_per_day * (0.75 if weekend else 1.1) * roll.uniform(0.9, 1.1))
        hours = roll.choices(range(24), HOURLY, k=count)
        times = sorted(local_midnight(day) + hour * 3600 + roll.uniform(0, 3600) for hour in hours)
        calm = [self._calm(day, n, t) for n, t in enumerate(times)]
        if self.calls is None:
            return calm
        stormy = [self._stormy(self.calls, day, n, t) for n, t in enumerate(self.calls.times(day))]
        return sorted([*calm, *stormy], key=lambda intake: intake.requested) if stormy else calm

    @cached_property
    def calls(self) -> StormCalls | None:
        if self.spell is None:
            return None
        return StormCalls(self.seed, self.spell, self.profile, self.wards, HOURLY)

    def _calm(self, day: int, n: int, t: float) -> Intake:
        roll = dice(self.seed, "report", day, n)
        kind = roll.choices(self.kinds, [kind.weight for kind in self.kinds])[0]
        ward = roll.choices(self.wards, [ward.weight for ward in self.wards])[0]
        return self._intake(roll, (day, (day - FIRST_DAY) * NUMBERS_A_DAY + n), t, kind, ward)

    def _stormy(self, calls: StormCalls, day: int, n: int, t: float) -> Intake:
        roll = dice(self.seed, "storm report", day, n)
        kind: StormKind = calls.kind(roll)
        ward = calls.ward(roll, kind)
        return self._intake(roll, (day, FIRST_NUMBER + (day - FIRST_DAY) * STORM_NUMBERS_A_DAY + n), t, kind, ward)

    def _intake(self, roll: Random, number: tuple[int, int], t: float, kind: Kind, ward: Ward) -> Intake:
        """``number`` is the local day and the report's own."""
        chance = roll.random()
        urgency = (
            "khẩn" if chance < kind.urgent else "phức tạp" if chance < kind.urgent + kind.complex else "bình thường"
        )
        street = roll.choice(self.profile.streets or ("Lê Lợi",))
        return Intake(
            number=number[1],
            day=number[0],
            requested=t,
            kind=kind,
            urgency=urgency,
            ward=ward,
            place=_place(roll, ward),
            title=_filled(roll.choice(kind.titles), street, ward),
            text=_filled(roll.choice(kind.texts), street, ward),
            address=f"{roll.randint(1, 180)} {street}, {ward.name}, {self.city.title_vi}",
            channel=roll.choices(tuple(CHANNELS), tuple(CHANNELS.values()))[0],
            first_name=f"{roll.choice(MIDDLES)} {roll.choice(GIVEN)}",
            last_name=roll.choice(SURNAMES),
            phone=f"0{roll.choice((3, 7, 8, 9))}{roll.randint(0, 99_999_999):08d}",
            deadline=self.after(t, WORK_HOURS[urgency]),
        )

    def after(self, t: float, hours: float) -> float:
        """Epoch s after so many working hours of the city's calendar."""
        return self.calendar.add(datetime.fromtimestamp(t, UTC), hours).timestamp()


def _filled(template: str, street: str, ward: Ward) -> str:
    return template.format(street=street, ward=ward.name)


def _place(roll: Random, ward: Ward) -> LonLat:
    """Near the ward's own point, within its cell."""
    for attempt in range(8):
        reach = ward.spread_m * abs(roll.gauss(0, 1)) / (1 + attempt / 2)
        place = offset(ward.place, roll.uniform(0, 360), reach)
        if ward.cell.contains(gpd.points_from_xy([place[0]], [place[1]])[0]):
            return place
    inside = ward.cell.representative_point()
    return float(np.round(inside.x, 6)), float(np.round(inside.y, 6))
