"""Who is at sea: the vessels of the city's ports, and the cargo ships that pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from sources.simulator.nmea import Static
from sources.simulator.noise import dice
from sources.simulator.profile import Landing, Profile

FISHING, CARGO, TANKER = 30, 70, 80  # AIS ship types


class Gear(StrEnum):
    """Nghề: what a vessel catches with, and so how it moves."""

    TRAWL = "trawl"  # lưới kéo
    GILLNET = "gillnet"  # lưới rê
    PURSE_SEINE = "purse_seine"  # lưới vây
    LINE = "line"  # câu
    LIGHT = "light"  # chụp, mành đèn: at anchor under lamps


class Equipment(StrEnum):
    CLASS_A = "A"
    CLASS_B = "B"
    CLASS_B_EXTENDED = "B19"  # gives its name in type 19


@dataclass(frozen=True, slots=True)
class Vessel:
    """``port`` is the index of its landing place. ``long_trips``: away for days (15 m and more), else for a night.

    ``failing`` is the place in the round of sets that fall silent at sea (see ``voyages.silent``), None for a good set.
    """

    index: int
    static: Static
    equipment: Equipment
    gear: Gear | None  # None: a cargo ship
    length_m: float
    port: int
    long_trips: bool
    cruise_kn: float
    slot_days: int  # length of a round of habit: a night and day, a trip of days with its rest
    evening: bool = True  # leaves in the evening, else before dawn
    failing: int | None = None

    @property
    def mmsi(self) -> int:
        return self.static.mmsi

    @property
    def is_cargo(self) -> bool:
        return self.gear is None


SHORTEST_TRIP_DAYS = 3

FAILING = 5
"""Fishing vessels whose set fails by turns: about four are silent at any time, one or two for more than ten days."""


def fleet(seed: int, profile: Profile) -> tuple[Vessel, ...]:
    """Every vessel, in a fixed order: fishing vessels first. Needs a landing place for each of them."""
    if not profile.landings:
        return ()
    numbers = _numbers(seed, profile.vessels + profile.cargo_ships)
    fishing = [_fishing(seed, i, numbers[i], profile.landings) for i in range(profile.vessels)]
    cargo = [_cargo(seed, i, numbers[i], profile.landings) for i in range(profile.vessels, len(numbers))]
    return (*_with_failing(fishing), *cargo)


def _with_failing(fishing: Sequence[Vessel]) -> list[Vessel]:
    chosen = [vessel.index for vessel in fishing if vessel.slot_days == SHORTEST_TRIP_DAYS][:FAILING]
    return [
        replace(vessel, failing=chosen.index(vessel.index)) if vessel.index in chosen else vessel for vessel in fishing
    ]


def _numbers(seed: int, count: int) -> list[int]:
    """Six-digit parts of MMSI and registration, all different."""
    return dice(seed, "mmsi").sample(range(100_000, 1_000_000), count)


def _port(roll: Random, landings: Sequence[Landing]) -> int:
    return roll.choices(range(len(landings)), [landing.share for landing in landings])[0]


def _fishing(seed: int, index: int, number: int, landings: Sequence[Landing]) -> Vessel:
    roll = dice(seed, "vessel", index)
    long_trips = roll.random() < 0.3
    length = roll.uniform(15.2, 26) if long_trips else roll.uniform(8.5, 14.8)
    port = _port(roll, landings)
    gears = (Gear.TRAWL, Gear.GILLNET, Gear.PURSE_SEINE, Gear.LINE, Gear.LIGHT)
    gear = roll.choices(gears, (30, 15, 30, 15, 10) if long_trips else (20, 40, 5, 15, 20))[0]
    equipment = roll.choices(tuple(Equipment), (35, 60, 5) if long_trips else (3, 91, 6))[0]
    stern = round(length / 3)
    static = Static(
        mmsi=574_000_000 + number,
        name=_name(roll, landings[port].prefix, index),
        callsign="" if roll.random() < 0.4 else f"3W{roll.choice('ABCDEFGH')}{number % 10000:04d}",
        ship_type=FISHING if roll.random() < 0.97 else 0,
        bow_m=round(length) - stern,
        stern_m=stern,
        port_m=2,
        starboard_m=2 if length < 15 else 3,
        draught_m=round(length / 9, 1),
        destination=landings[port].id.replace("_", " ").upper(),
    )
    return Vessel(
        index=index,
        static=static,
        equipment=equipment,
        gear=gear,
        length_m=length,
        port=port,
        long_trips=long_trips,
        cruise_kn=roll.uniform(6.0, 8.8),
        slot_days=roll.randint(SHORTEST_TRIP_DAYS, 7) if long_trips else 1,
        evening=roll.random() < 0.68,
    )


def _name(roll: Random, prefix: str, index: int) -> str:
    """The registration, TTH-91234-TS, as most crews type it; some type something else or nothing."""
    # registrations from 90000 on belong to engines of 90 hp and more; the index keeps them all different
    digits = f"9{(index * 37 + 1234) % 10000:04d}"
    style = roll.random()
    if style < 0.03:
        return ""
    if style < 0.06:
        return roll.choice(["TAU CA", "NO NAME", "AIS CLASS B", "LUOI VAY", "FISHING BOAT"])
    if style < 0.14:
        return roll.choice([f"{prefix} {digits} TS", f"{prefix}{digits}TS", f"{prefix}-{digits}"])
    return f"{prefix}-{digits}-TS"


def _cargo(seed: int, index: int, number: int, landings: Sequence[Landing]) -> Vessel:
    roll = dice(seed, "cargo", index)
    first = roll.choice(["HOANG", "TRUONG", "DONG", "HAI", "BINH", "VIET", "THANH"])
    last = roll.choice(["SA", "MINH", "AN", "PHAT", "LONG", "THINH"])
    length = roll.randint(80, 160)
    static = Static(
        mmsi=574_000_000 + number,
        name=f"{first} {last} {roll.randint(1, 89):02d}",
        callsign=f"XV{roll.choice('ABCDEF')}{number % 10}",
        ship_type=roll.choices((CARGO, TANKER), (4, 1))[0],
        bow_m=length - 20,
        stern_m=20,
        port_m=10,
        starboard_m=8,
        imo=9_000_000 + number % 900_000,
        draught_m=round(length / 18, 1),
        destination=roll.choice(["HAI PHONG", "DA NANG", "HO CHI MINH", "CHAN MAY", "QUY NHON"]),
    )
    return Vessel(
        index=index,
        static=static,
        equipment=Equipment.CLASS_A,
        gear=None,
        length_m=length,
        port=_port(roll, landings),
        long_trips=False,
        cruise_kn=roll.uniform(10, 14),
        slot_days=2,
    )
