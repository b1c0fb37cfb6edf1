"""The cameras of a simulated city: where they stand, whose they are, and how each fares over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from sources.simulator.clock import DAY_S
from sources.simulator.noise import dice, key, uniform
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town
from sources.simulator.water import LonLat, offset

SERVICE = "cameras"
STORM_SHARE = 0.12
"""So many cameras lose their power at the height of a storm."""


class System(BaseModel):
    """One system of cameras with its owner and project, behind one gateway. ``rtsp`` of its cameras speak RTSP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title_vi: str
    title_en: str
    gateway: Literal["registry", "go2rtc", "mediamtx"]
    issuer: str
    prefix: str
    count: int
    rtsp: int = 0
    high: bool = False
    owner: str
    project: str
    categories: dict[str, float]


class Places(BaseModel):
    """``profiles/cameras/CITY.toml``: known places (name, lon, lat, at water), heights for high masts, systems."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spots: tuple[tuple[str, float, float, bool], ...]
    heights: tuple[tuple[str, float, float, bool], ...] = ()
    systems: tuple[System, ...]


class Fate(IntEnum):
    LIVE = 0
    FROZEN = 1
    DARK = 2
    DEAD = 3


WORDS = ("live", "frozen", "dark", "unreachable")
"""What the probe finds of each fate."""

SHARES = {Fate.FROZEN: 0.04, Fate.DARK: 0.03, Fate.DEAD: 0.08}
"""Of a camera's spells of one to three weeks so many begin with a failure, which lasts a third of it on average."""


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """Degrees EPSG:4326, metres; ``number`` is the camera's own key of chance. ``wet`` stands at water."""

    key: str
    number: int
    name: str
    category: str
    place: LonLat
    azimuth_deg: float
    fov_deg: float
    range_m: float
    mast_height_m: float
    wet: bool
    high: bool
    kind: Literal["jpeg", "mjpeg", "hls", "rtsp"]

    @property
    def spell_s(self) -> float:
        """Length of its spells."""
        return (7 + self.number % 15) * DAY_S

    def fate(self, t: ArrayLike, severity: ArrayLike) -> NDArray[np.int8]:
        """How it fares at these instants (epoch s); an array of at least one."""
        time = np.atleast_1d(np.asarray(t, dtype=np.float64))
        spell, into = self._spell(time)
        chance = uniform(self.number, spell, 1)
        lasts = uniform(self.number, spell, 3) * 0.6 + 0.03
        begins = uniform(self.number, spell, 2) * (1 - lasts)
        bad = (into >= begins) & (into < begins + lasts)
        found = np.zeros(time.shape, dtype=np.int8)
        edge = 0.0
        for fate, share in SHARES.items():
            found[bad & (chance >= edge) & (chance < edge + share)] = fate
            edge += share
        weak = float(uniform(self.number, 9)[0])
        if weak < STORM_SHARE:
            found[np.atleast_1d(severity) > 0.35 + 0.6 * weak / STORM_SHARE] = Fate.DEAD
        return found

    def _spell(self, time: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Which spell, and how far into it (0…1)."""
        phase = time / self.spell_s + float(uniform(self.number, 4)[0])
        spell = np.floor(phase).astype(np.int64)
        return spell, phase - spell

    def froze_at(self, t: float) -> float:
        """When the present failure began (epoch s): a frozen camera shows that moment."""
        spell, into = self._spell(np.asarray([t]))
        lasts = float(uniform(self.number, spell, 3)[0]) * 0.6 + 0.03
        begins = float(uniform(self.number, spell, 2)[0]) * (1 - lasts)
        return float(np.floor(t - (float(into[0]) - begins) * self.spell_s))


@dataclass(frozen=True, slots=True)
class Cast:
    """A system with its cameras, by their key."""

    system: System
    cameras: dict[str, SimulatedCamera] = field(default_factory=dict)


def casts(town: Town) -> Sequence[Cast]:
    """Every system of the city; none where it has no cameras or no profile."""
    places = town.data(SERVICE, Places) if town.runs(SERVICE) else None
    if places is None:
        return ()
    around = wards(town.city)
    return [_cast(town, system, places, around) for system in places.systems]


def _cast(town: Town, system: System, places: Places, around: Sequence[Ward]) -> Cast:
    cast = Cast(system)
    for n, (name, place, wet) in enumerate(_stands(town, system, places, around), 1):
        camera = f"{system.prefix}-{n:04d}"
        roll = dice(town.seed, "camera", system.id, n)
        kind = {"registry": "jpeg", "go2rtc": "mjpeg", "mediamtx": "hls"}[system.gateway]
        cast.cameras[camera] = SimulatedCamera(
            key=camera,
            number=key(town.seed, "camera", system.id, n),
            name=name,
            category=roll.choices(tuple(system.categories), tuple(system.categories.values()))[0],
            place=(round(place[0], 6), round(place[1], 6)),
            azimuth_deg=float(roll.randrange(0, 360, 5)),
            fov_deg=float(roll.choice((42, 50, 58) if system.high else (60, 70, 84, 95))),
            range_m=float(roll.choice((1500, 2500, 4000) if system.high else (60, 90, 120, 180))),
            mast_height_m=float(roll.choice((25, 32, 42, 60) if system.high else (5, 6, 8, 10))),
            wet=wet,
            high=system.high,
            kind="rtsp" if n <= system.rtsp else kind,  # type: ignore[arg-type]  # mypy makes it a str
        )
    return cast


def _stands(town: Town, system: System, places: Places, around: Sequence[Ward]) -> Iterator[tuple[str, LonLat, bool]]:
    """Known places first, up to four cameras each; then streets, markets and offices of the wards."""
    known = places.heights if system.high else places.spots
    roll = dice(town.seed, "camera places", system.id)
    left = system.count
    each = 1 if system.high else max(1, min(4, system.count // (2 * max(1, len(known)))))
    for name, lon, lat, wet in known:
        for n in range(min(each, left)):
            place = offset((lon, lat), roll.uniform(0, 360), 6 + 22 * n)
            yield (f"{name} – {n + 1}" if each > 1 else name), place, wet
            left -= 1
    for _ in range(left):
        ward = roll.choices(around, [ward.weight for ward in around])[0]
        yield _named(town, system, ward, roll), _within(ward, roll), roll.random() < 0.15


def _named(town: Town, system: System, ward: Ward, roll: Random) -> str:
    if system.high:
        return f"{roll.choice(('Trụ viễn thông', 'Mái nhà cao tầng', 'Tháp nước'))} {ward.name}"
    if ward.full_name.startswith("Phường"):
        street = roll.choice(town.profile.streets or ("Lê Lợi",))
        return f"{street} {roll.randint(2, 240)}, {ward.name}"
    return f"{roll.choice(('Chợ trung tâm', 'Trụ sở UBND', 'Ngã ba', 'Đường liên xã', 'Trường học'))} {ward.name}"


def _within(ward: Ward, roll: Random) -> LonLat:
    """Near the ward's own point: where its people live."""
    return offset(ward.place, roll.uniform(0, 360), min(ward.spread_m, 900.0) * abs(roll.gauss(0, 0.8)))
