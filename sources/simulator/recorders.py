"""Frigate recorders of the city: their cameras, and what these see, a pure function of (seed, hour, severity)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from sources.simulator.cabinets import eased
from sources.simulator.cabinets import storm as storm_at
from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S
from sources.simulator.noise import chance, dice
from sources.simulator.report_intake import wards
from sources.simulator.town import Town

HOUR_S = 3600.0
LONGEST_S = 2 * HOUR_S
KEPT_HOURS = 24 * 15

DAY = (0.1,) * 6 + (0.6, 1, 1, 0.8, 0.7, 0.8, 0.6, 0.6, 0.7, 0.8, 1, 1, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1)
RUSH = (0.0,) * 6 + (0.5, 1, 0.7, 0.2, 0.1, 0.4, 0.2, 0.2, 0.2, 0.3, 0.9, 1, 0.6, 0.2, 0.1, 0.0, 0.0, 0.0)
NIGHT = (1, 0.9, 0.7, 0.4, 0.2) + (0.0,) * 16 + (0.3, 0.6, 0.9)
ALWAYS = (0.3,) * 24


@dataclass(frozen=True, slots=True)
class Kind:
    """What a recorder looks for: ``zone`` and ``label`` in its words, ``category`` in the catalogue's; ``an_hour`` how
    often a camera sees it at the busiest hour, ``storm`` how often more at the height of a storm.
    """

    zone: str
    label: str
    category: str
    hours: Sequence[float]
    an_hour: float
    minutes: float
    storm: float = 0.0
    alert: bool = False


KINDS: Mapping[str, Sequence[Kind]] = {
    "traffic": (
        Kind("un_tac", "car", "congestion", RUSH, 0.35, 22, storm=0.15),
        Kind("cam_do", "car", "violation", DAY, 0.14, 12),
        Kind("va_cham", "car", "accident", DAY, 0.012, 35, storm=0.02, alert=True),
        Kind("ngap", "flood", "flooded_road", ALWAYS, 0.0, 80, storm=0.6, alert=True),
    ),
    "public_order": (
        Kind("quang_truong", "person", "crowd", DAY, 0.1, 40, storm=-0.1),
        Kind("khu_cam", "person", "intrusion", NIGHT, 0.06, 6, alert=True),
        Kind("duong_dua", "motorcycle", "racing", NIGHT, 0.04, 5, storm=-0.04, alert=True),
    ),
    "cameras": (
        Kind("un_tac", "car", "jam", RUSH, 0.25, 20, storm=0.1),
        Kind("cam_do", "car", "illegal_parking", DAY, 0.12, 12),
        Kind("via_he", "person", "street_trading", DAY, 0.12, 30, storm=-0.12),
        Kind("quang_truong", "person", "crowd", DAY, 0.06, 40, storm=-0.06),
        Kind("ngap", "flood", "flood", ALWAYS, 0.0, 80, storm=0.6, alert=True),
    ),
}
"""By service. In a storm the low streets flood, and nobody stands in the squares."""

CAMERAS: Mapping[str, int] = {"traffic": 14, "public_order": 10, "cameras": 12}


class Spot(BaseModel):
    """A place with a camera; ``low`` where water stands first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    lon: float
    lat: float
    azimuth_deg: float = 0.0
    low: bool = False


class Spots(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One review. Times in epoch s."""

    id: str
    spot: Spot
    kind: Kind
    start: float
    end: float

    def row(self, now: float, skew_s: float = 0.0) -> dict[str, object]:
        """As Frigate stores and publishes it; without an end while it lasts."""
        return {
            "id": self.id,
            "camera": self.spot.id,
            "start_time": round(self.start + skew_s, 6),
            "end_time": round(self.end + skew_s, 6) if self.end <= now else None,
            "severity": "alert" if self.kind.alert else "detection",
            "thumb_path": f"/media/frigate/clips/review/thumb-{self.spot.id}-{self.id}.webp",
            "data": {
                "detections": [f"{self.id}0"],
                "objects": [self.kind.label],
                "sub_labels": [],
                "zones": [self.kind.zone],
                "audio": [],
            },
        }


@dataclass
class Recorder:
    """One Frigate with its cameras; ``service`` says what it looks for."""

    town: Town
    service: str
    spots: tuple[Spot, ...]
    _hours: dict[int, tuple[Seen, ...]] = field(default_factory=dict, repr=False)

    def seen(self, start: float, end: float) -> Iterator[Seen]:
        """Everything that began or lasted in ``start < t <= end``."""
        for hour in range(int((start - LONGEST_S) // HOUR_S), int(end // HOUR_S) + 1):
            yield from (one for one in self._hour(hour) if one.start <= end and one.end > start)

    def _hour(self, hour: int) -> tuple[Seen, ...]:
        if hour not in self._hours:
            if len(self._hours) > KEPT_HOURS:
                self._hours.clear()
            self._hours[hour] = tuple(self._drawn(hour))
        return self._hours[hour]

    def _drawn(self, hour: int) -> Iterator[Seen]:
        severity = storm_at(self.town, (hour + 0.5) * HOUR_S)
        local = int((hour * HOUR_S + LOCAL_OFFSET_S) % DAY_S // HOUR_S)
        for spot in self.spots:
            for kind in KINDS[self.service]:
                storm = kind.storm * severity
                if kind.storm > 0 and kind.label == "flood":
                    storm *= severity * (1.0 if spot.low else 0.15)
                chance = kind.an_hour * kind.hours[local] + storm
                if chance <= 0:
                    continue
                roll = dice(self.town.seed, "review", self.service, spot.id, kind.zone, hour)
                if roll.random() < chance and not self.is_dead(spot, hour * HOUR_S):
                    start = round(hour * HOUR_S + roll.uniform(0, HOUR_S - 1), 3)
                    seconds = min(LONGEST_S, kind.minutes * 60 * roll.uniform(0.4, 1.6))
                    yield Seen(f"{start:.6f}-{roll.randrange(36**4):06x}", spot, kind, start, start + seconds)

    def is_dead(self, spot: Spot, t: float) -> bool:
        """Some camera is out for a day or two; the storm takes a few more."""
        block = int(t // (2 * DAY_S))
        draw = chance(self.town.seed, "camera dead", self.service, spot.id, block)
        cut = chance(self.town.seed, "camera power", self.service, spot.id)
        return draw < 0.04 or cut < 0.22 * max(0.0, storm_at(self.town, t) - 0.5)

    def count(self, spot: Spot, label: str, t: float) -> int:
        """People or vehicles in the picture at this instant."""
        local = (t + LOCAL_OFFSET_S) % DAY_S / HOUR_S
        busy = (DAY if label == "person" else RUSH)[int(local)]
        calm = 1 - 0.8 * storm_at(self.town, t)
        wave = 1 + 0.6 * eased(t, 900, self.town.seed, "count", spot.id, label)
        return round(max(0.0, (16 * busy + 2) * wave * calm))


def recorder(town: Town, service: str) -> Recorder | None:
    """That of a service; None where the city has no such service."""
    if not town.runs(service):
        return None
    data = town.data("frigate", Spots)
    spots = list(data.spots) if data else list(_made(town))
    roll = dice(town.seed, "recorder", service)
    roll.shuffle(spots)
    return Recorder(town, service, tuple(sorted(spots[: CAMERAS[service]], key=lambda spot: spot.id)))


def _made(town: Town) -> Iterator[Spot]:
    """Of a city without a list of its own: crossings near the points of its densest wards."""
    streets = town.profile.streets or ("Lê Lợi", "Trần Phú")
    for number, ward in enumerate(sorted(wards(town.city), key=lambda ward: -ward.weight)[:30], 1):
        roll = dice(town.seed, "camera spot", ward.code)
        lon, lat = (round(value + roll.uniform(-0.003, 0.003), 5) for value in ward.place)
        yield Spot(
            id=f"cam_{number:02d}",
            name=f"{roll.choice(streets)}, {ward.name}",
            lon=lon,
            lat=lat,
            azimuth_deg=float(roll.randrange(0, 360, 15)),
            low=roll.random() < 0.3,
        )
