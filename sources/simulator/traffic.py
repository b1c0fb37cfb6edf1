"""Traffic on the streets of a city: flow, speed and level of service of segments, queues and signals of junctions.

Pure functions of (seed, street, time, storm), vectorised over time. Two rush hours, quieter weekends, now and then a
hindrance; in a storm less traffic, slower, and low streets closed while they stand under water.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S
from sources.simulator.noise import Floats, key, smooth, uniform
from sources.simulator.series import HOUR_S, Measured
from sources.simulator.spell import Spell
from sources.simulator.things import Datastream, Station

CADENCE_S, DELAY_S = 300.0, 15.0
FLOW = Measured("flow", "Lưu lượng", "vehicles per hour", "{vehicle}/h", "{vehicle}/h", 0)
SPEED = Measured("speed", "Tốc độ trung bình", "kilometre per hour", "km/h", "km/h", 1)
LEVEL = Measured("level_of_service", "Mức phục vụ", "", "", "", 0, ("A", "B", "C", "D", "E", "F"))
QUEUE = Measured("queue_length", "Chiều dài hàng chờ", "metre", "m", "m", 0)
SIGNAL = Measured("signal_state", "Trạng thái đèn tín hiệu", "", "", "", 0, ("normal", "flashing", "dark", "manual"))

GRADES = (0.85, 0.67, 0.50, 0.40, 0.30)
"""Least speed as a share of the free one for A to E, below is F (Highway Capacity Manual 2010, urban streets)."""

HINDERED_S, HINDERED = 1800.0, 0.006
UNDER_WATER_S = 2 * HOUR_S
"""A street goes under, and comes up, so long after the rain."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Strict):
    """A piece of street as it lies, lon and lat. ``capacity`` in vehicles an hour; ``low``: floods."""

    name: str
    path: tuple[tuple[float, float], ...] = Field(min_length=2)
    capacity: int
    speed_kmh: float = 40
    low: bool = False


class Junction(_Strict):
    name: str
    at: tuple[float, float]
    capacity: int


class TrafficProfile(_Strict):
    segments: tuple[Segment, ...] = ()
    junctions: tuple[Junction, ...] = ()


def load(seed: int, name: str, t: Floats, spell: Spell | None) -> Floats:
    """Share of the capacity that drives there."""
    local = t + LOCAL_OFFSET_S
    hour, day = (local % DAY_S) / HOUR_S, (local // DAY_S).astype(np.int64)
    weekend = (day + 3) % 7 >= 5
    morning = np.exp(-(((hour - 7.1) / 0.9) ** 2)) * np.where(weekend, 0.35, 1.0)
    evening = np.exp(-(((hour - 17.2) / 1.2) ** 2)) * np.where(weekend, 0.7, 1.0)
    daytime = 1 / (1 + np.exp(-(hour - 6) * 2)) / (1 + np.exp((hour - 21) * 1.5))
    own = 0.85 + 0.3 * (key("street", seed, name) % 1000) / 1000
    noise = 1 + 0.08 * smooth(seed, key("flow", name), t, 1500.0) + 0.05 * smooth(seed, key("day", name), t, DAY_S)
    share = (0.03 + 0.34 * daytime + 0.52 * morning + 0.5 * evening) * own * noise
    if spell is not None:
        share = share * (1 - 0.7 * spell.severity(t))
    return np.asarray(np.clip(share, 0.01, 1.1))


def closed(seed: int, segment: Segment, t: Floats, spell: Spell | None) -> NDArray[np.bool_]:
    """Where the street is closed because it stands under water."""
    if spell is None or not segment.low:
        return np.zeros(t.shape, dtype=np.bool_)
    depth = 0.35 + 0.55 * (key("closes", seed, segment.name) % 1000) / 1000
    return np.asarray(spell.severity(t - UNDER_WATER_S) > depth)


def flow(seed: int, segment: Segment, t: Floats, spell: Spell | None) -> Floats:
    """Vehicles an hour."""
    found = segment.capacity * load(seed, segment.name, t, spell)
    return np.asarray(np.where(closed(seed, segment, t, spell), 0.0, found * _passable(seed, segment.name, t)))


def speed(seed: int, segment: Segment, t: Floats, spell: Spell | None) -> Floats:
    """Kilometres an hour; 0 on a closed street."""
    share = load(seed, segment.name, t, spell)
    free = 1 - 0.62 * share**2.6
    wet = 1.0 if spell is None else 1 - 0.35 * spell.severity(t)
    noise = 1 + 0.05 * smooth(seed, key("speed", segment.name), t, 900.0)
    found = segment.speed_kmh * free * wet * noise * _passable(seed, segment.name, t)
    return np.asarray(np.where(closed(seed, segment, t, spell), 0.0, np.maximum(found, 3.0)))


def level_of_service(seed: int, segment: Segment, t: Floats, spell: Spell | None) -> Floats:
    """Index of the word, 0 (A) to 5 (F)."""
    share = speed(seed, segment, t, spell) / segment.speed_kmh
    return np.asarray(np.searchsorted([-grade for grade in GRADES], -share), dtype=np.float64)


def _passable(seed: int, name: str, t: Floats) -> Floats:
    """What a hindrance leaves: an accident, a delivery, a broken bus; half an hour, by day."""
    slot = (t // HINDERED_S).astype(np.int64)
    hindered = uniform(seed, key("hindered", name), slot) < HINDERED
    return np.asarray(np.where(hindered, 0.45, 1.0))


def queue(seed: int, junction: Junction, t: Floats, spell: Spell | None) -> Floats:
    """Metres of the longest arm."""
    share = load(seed, junction.name, t, spell)
    return np.asarray(260 * np.maximum(0, share - 0.35) ** 1.5 * (1 + 0.2 * smooth(seed, key(junction.name), t, 600.0)))


def signal(seed: int, junction: Junction, t: Floats, spell: Spell | None) -> Floats:
    """Index of the word: flashing by night, a policeman in the worst rush hour, dark where a storm takes the power."""
    hour = ((t + LOCAL_OFFSET_S) % DAY_S) / HOUR_S
    found = np.where((hour < 5) | (hour >= 23), 1.0, 0.0)
    found = np.where(load(seed, junction.name, t, spell) > 1.0, 3.0, found)
    if spell is not None:
        holds = 0.4 + 0.8 * (key("signal", seed, junction.name) % 1000) / 1000
        found = np.where(spell.severity(t) > holds, 2.0, found)
    return np.asarray(found)


def stations(seed: int, profile: TrafficProfile, spell: Spell | None) -> tuple[Station, ...]:
    """Segments, then junctions, as SensorThings have them."""
    found = [_segment(number, each, seed, spell) for number, each in enumerate(profile.segments, 1)]
    first = len(found) + 1
    found += [_junction(number, each, seed, spell) for number, each in enumerate(profile.junctions, first)]
    return tuple(found)


def _segment(number: int, segment: Segment, seed: int, spell: Spell | None) -> Station:
    lon, lat = segment.path[len(segment.path) // 2]
    streams = (
        _stream(number, 1, FLOW, lambda t: flow(seed, segment, t, spell)),
        _stream(number, 2, SPEED, lambda t: speed(seed, segment, t, spell)),
        _stream(number, 3, LEVEL, lambda t: level_of_service(seed, segment, t, spell)),
    )
    properties: dict[str, object] = {
        "category": "segment",
        "capacity": segment.capacity,
        "speed_limit_kmh": segment.speed_kmh,
    }
    about = f"Đoạn đường {segment.name} (mô phỏng)"
    return Station(number, f"doan_{number}", segment.name, about, lon, lat, properties, streams, segment.path)


def _junction(number: int, junction: Junction, seed: int, spell: Spell | None) -> Station:
    lon, lat = junction.at
    streams = (
        _stream(number, 1, FLOW, lambda t: junction.capacity * load(seed, junction.name, t, spell)),
        _stream(number, 2, QUEUE, lambda t: queue(seed, junction, t, spell)),
        _stream(number, 3, SIGNAL, lambda t: signal(seed, junction, t, spell)),
    )
    properties: dict[str, object] = {"category": "junction", "capacity": junction.capacity}
    about = f"Nút giao {junction.name} (mô phỏng)"
    return Station(number, f"nut_{number}", junction.name, about, lon, lat, properties, streams)


def _stream(number: int, n: int, measured: Measured, values: object) -> Datastream:
    assert callable(values)
    return Datastream(
        id=number * 100 + n,
        thing=number,
        measured=measured,
        cadence_s=CADENCE_S,
        delay_s=DELAY_S,
        values=values,
        states=lambda t: ["00"] * len(t),
    )
