"""Units on duty and what happens to them: patrols, posts, rescue boats, incidents, emergencies.

A function of (seed, instant, severity); nothing of it happened, and every name is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, radians

from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.noise import dice, key
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town
from sources.simulator.water import LonLat, distance_m, offset

PATROLS, POSTS, BOATS = {"hue": 14, "nghe_an": 12}, 3, 6
USUAL_PATROLS = 8
LOOP_S, REST_S = 1200.0, 600.0
"""A patrol drives its round, then stands."""

CORNERS = 7
BOATS_FROM = 0.3
"""Rescue boats go out at this severity."""

INCIDENTS_A_DAY = 5.0
STORM_INCIDENTS = 4.0
"""So many times as many at the height of a storm."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that reports its place. ``loop`` is closed; a post has one corner."""

    uid: str
    type: str
    callsign: str
    loop: tuple[LonLat, ...]
    every_s: float

    @property
    def phase_s(self) -> float:
        return key(self.uid) % int(LOOP_S + REST_S)

    def slot(self, t: float) -> float:
        """Epoch s of its newest report at ``t``."""
        phase = key(self.uid) % int(self.every_s)
        return (t - phase) // self.every_s * self.every_s + phase

    def at(self, t: float) -> tuple[LonLat, float, float]:
        """Place, speed in m/s, course in degrees."""
        into = (t + self.phase_s) % (LOOP_S + REST_S)
        if len(self.loop) < 2 or into >= LOOP_S:
            return self.loop[0], 0.0, 0.0
        legs = list(zip(self.loop, (*self.loop[1:], self.loop[0]), strict=True))
        lengths = [distance_m(a, b) for a, b in legs]
        left = into / LOOP_S * sum(lengths)
        for (a, b), length in zip(legs, lengths, strict=True):
            if left <= length:
                part = left / length if length else 0.0
                place = (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part)
                course = degrees(atan2((b[0] - a[0]) * cos(radians(a[1])), b[1] - a[1])) % 360
                return place, sum(lengths) / LOOP_S, course
            left -= length
        return self.loop[0], 0.0, 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happened from ``start`` to ``end`` (epoch s). ``unit`` pressed the button of an emergency."""

    uid: str
    type: str
    title: str
    text: str
    place: LonLat
    start: float
    end: float
    unit: Unit | None = None


KINDS = (
    ("b-l-l", "Gây rối trật tự", "Nhóm thanh niên gây mất trật tự tại {where}.", 20),
    ("b-l-l-a", "Đánh nhau", "Xô xát tại {where}, lực lượng đang đến.", 12),
    ("b-l-l-t", "Trộm cắp", "Người dân báo mất tài sản tại {where}.", 22),
    ("b-l-l-v", "Tụ tập đua xe", "Nhóm xe máy tụ tập tại {where}.", 8),
    ("b-l-f", "Cháy", "Cháy nhỏ tại {where}, đã điều xe chữa cháy.", 10),
    ("b-l-r", "Cứu nạn", "Cần cứu nạn tại {where}.", 6),
)
FLOOD_KIND = ("b-l-r", "Cứu hộ vùng ngập", "Có người cần đưa ra khỏi vùng ngập tại {where}.", 100)


@dataclass(frozen=True, slots=True)
class Order:
    """The cast of one town."""

    town: Town
    around: tuple[Ward, ...]
    units: tuple[Unit, ...]
    boats: tuple[Unit, ...]

    def severity(self, t: float) -> float:
        return float(self.town.severity(t)[0])

    def boats_out(self, t: float) -> bool:
        return self.severity(t) >= BOATS_FROM

    def on_duty(self, t: float) -> Sequence[Unit]:
        return (*self.units, *self.boats) if self.boats_out(t) else self.units

    def incidents(self, start: float, end: float) -> Iterator[Incident]:
        """Those that began in start < t <= end, by days of local time."""
        for day in range(local_day(start), local_day(end) + 1):
            yield from (found for found in self._day(day) if start < found.start <= end)

    def _day(self, day: int) -> Iterator[Incident]:
        """Candidates of a storm's day; a calm hour lets only its share of them happen."""
        for n in range(int(INCIDENTS_A_DAY * STORM_INCIDENTS)):
            roll = dice(self.town.seed, "incident", day, n)
            start = local_midnight(day) + float(round(DAY_S * min(roll.random(), 1 - 1e-6)))
            severity = self.severity(start)
            if roll.random() * STORM_INCIDENTS > 1 + (STORM_INCIDENTS - 1) * severity:
                continue
            wet = roll.random() < severity
            type_, title, text, _ = FLOOD_KIND if wet else roll.choices(KINDS, [kind[3] for kind in KINDS])[0]
            ward = roll.choice(self.around)
            place = offset(ward.place, roll.uniform(0, 360), ward.spread_m * abs(roll.gauss(0, 0.5)))
            end = start + roll.uniform(20, 90) * 60
            words = text.format(where=ward.name)
            yield Incident(f"su-vu-{day}-{n:02d}", type_, f"{title}, {ward.name}", words, place, start, end)
        yield from self._emergency(day)

    def _emergency(self, day: int) -> Iterator[Incident]:
        """On every second day a unit presses its button, and takes it back."""
        roll = dice(self.town.seed, "emergency", day)
        if roll.random() < 0.5:
            unit = roll.choice([one for one in self.units if len(one.loop) > 1])
            start = local_midnight(day) + float(round(roll.uniform(0, DAY_S - 1)))
            end = start + roll.uniform(8, 25) * 60
            yield Incident(
                f"{unit.uid}-{day}-9-1-1",
                "b-a-o-tbl",
                f"{unit.callsign}-Alert",
                "",
                unit.at(start)[0],
                start,
                end,
                unit,
            )


def order(town: Town) -> Order:
    """The cast: patrols of the larger wards, posts at their points, boats of the low ones."""
    own = {code for area in town.city.areas for code in area.wards}
    found = wards(town.city)
    near = [ward for ward in found if ward.code in own] or sorted(found, key=lambda ward: -ward.weight)[:12]
    count = PATROLS.get(town.city.id, USUAL_PATROLS)
    patrols = [_unit(town, "TT", "Tuần tra", "a-f-G-U-C", n, near, 1.0) for n in range(1, count + 1)]
    posts = [
        Unit(f"{town.city.id}-CHOT-{n:02d}", "a-f-G-I", f"Chốt {ward.name}", (ward.place,), 300.0)
        for n, ward in enumerate(near[:POSTS], 1)
    ]
    boats = [_unit(town, "XCH", "Xuồng cứu hộ", "a-f-S-X", n, near, 0.5) for n in range(1, BOATS + 1)]
    return Order(town, tuple(near), (*patrols, *posts), tuple(boats))


def _unit(town: Town, code: str, name: str, type_: str, n: int, near: Sequence[Ward], wide: float) -> Unit:
    roll = dice(town.seed, "unit", code, n)
    ward = near[(n - 1) % len(near)]
    reach = min(1400.0, ward.spread_m) * wide
    turn = roll.uniform(0, 360)
    loop = [
        offset(ward.place, turn + 360 * corner / CORNERS, reach * roll.uniform(0.5, 1.1)) for corner in range(CORNERS)
    ]
    return Unit(f"{town.city.id}-{code}-{n:02d}", type_, f"{name} {n:02d}", tuple(loop), 30.0)
