"""How a vessel moves while it fishes: legs within a disc of open water, by the gear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from sources.simulator.fleet import Gear
from sources.simulator.water import LonLat, bearing_deg, distance_m, offset

KN_M_S = 1852 / 3600
FISHING, ANCHORED = 7, 1  # AIS navigational status


@dataclass(frozen=True, slots=True)
class Leg:
    """To ``place`` at ``speed_kn``, doing ``status``."""

    place: LonLat
    speed_kn: float
    status: int


@dataclass(frozen=True, slots=True)
class Habit:
    """A phase of the work: speed in knots, length in minutes, and how far it turns from the last leg, in degrees."""

    speed_kn: tuple[float, float]
    minutes: tuple[float, float]
    turn_deg: tuple[float, float]
    status: int = FISHING


HABITS: Mapping[Gear, tuple[Habit, ...]] = {
    Gear.TRAWL: (Habit((2.6, 3.6), (60, 130), (-25, 25)), Habit((2.6, 3.4), (8, 15), (70, 110))),
    Gear.GILLNET: (
        Habit((3.5, 5.0), (20, 40), (-60, 60)),
        Habit((0.4, 0.9), (90, 200), (-180, 180)),
        Habit((1.2, 2.0), (40, 80), (-30, 30)),
    ),
    Gear.PURSE_SEINE: (
        Habit((5.0, 7.0), (25, 60), (-70, 70)),
        *(Habit((6.0, 7.5), (1.6, 1.8), (55, 62)) for _ in range(6)),
        Habit((0.3, 0.8), (50, 90), (-180, 180)),
    ),
    Gear.LINE: (Habit((0.3, 0.9), (70, 160), (-180, 180)), Habit((4.0, 6.5), (10, 25), (-120, 120))),
    Gear.LIGHT: (Habit((0.1, 0.25), (150, 300), (-180, 180), ANCHORED), Habit((4.0, 6.0), (10, 25), (-90, 90))),
}


def legs(roll: Random, gear: Gear, ground: LonLat, radius_m: float, seconds: float) -> list[Leg]:
    """Legs from the ground's middle for about ``seconds``, all within ``radius_m`` of it; none when time is short."""
    found: list[Leg] = []
    here, course, spent, phase = ground, roll.uniform(0, 360), 0.0, 0
    habits = HABITS[gear]
    while spent < seconds:
        habit = habits[phase % len(habits)]
        speed = roll.uniform(*habit.speed_kn)
        length = min(speed * KN_M_S * roll.uniform(*habit.minutes) * 60, radius_m)
        length = max(min(length, speed * KN_M_S * (seconds - spent)), 20.0)
        course += roll.uniform(*habit.turn_deg)
        place = offset(here, course, length)
        if distance_m(place, ground) > radius_m:
            course = bearing_deg(here, ground) + roll.uniform(-20, 20)
            place = offset(here, course, min(length, radius_m * 0.9))
        spent += distance_m(here, place) / KN_M_S / speed
        found.append(Leg(place, speed, habit.status))
        here, phase = place, phase + 1
    return found
