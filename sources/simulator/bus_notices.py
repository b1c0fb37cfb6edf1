"""What the bus operator tells its passengers: works that move a stop, and in a storm detours and lines that stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from google.transit import gtfs_realtime_pb2 as gtfs

from sources.simulator.bus_fleet import DETOUR_AT, STOPPED_AT
from sources.simulator.bus_lines import BusProfile, Line
from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.noise import dice
from sources.simulator.spell import Spell

AHEAD_S = 1800.0
REDUCED_AT = 0.5


@dataclass(frozen=True, slots=True)
class Notice:
    """``line`` None is all of them. Times in epoch s; the period is open at its end while nobody knows it."""

    id: str
    start: float
    end: float
    cause: gtfs.Alert.Cause
    effect: gtfs.Alert.Effect
    level: gtfs.Alert.SeverityLevel
    title: tuple[str, str]  # Vietnamese, English
    text: str
    line: Line | None = None
    stop: str | None = None


def notices(seed: int, profile: BusProfile, spell: Spell | None, t: float) -> Iterator[Notice]:
    """Those that stand at ``t``, announced half an hour ahead."""
    every = [_works(seed, profile, t)]
    if spell is not None:
        every += list(_storm(profile, spell))
    for notice in every:
        if notice.start - AHEAD_S <= t < notice.end:
            yield notice


def _works(seed: int, profile: BusProfile, t: float) -> Notice:
    """Each week, from Monday on, one stop is moved."""
    week = (local_day(t) + 3) // 7
    roll = dice(seed, "works", week)
    line = roll.choice(profile.lines)
    stop = roll.choice(line.stops[1:-1])
    name = profile.places[stop].name
    return Notice(
        id=f"tb-{week}",
        start=local_midnight(week * 7 - 3) + 5 * 3600,
        end=local_midnight(week * 7 - 3) + 5.8 * DAY_S,
        cause=gtfs.Alert.CONSTRUCTION,
        effect=gtfs.Alert.STOP_MOVED,
        level=gtfs.Alert.INFO,
        title=(f"Tuyến {line.id} dời điểm dừng {name}", f"Line {line.id}: stop {name} moved"),
        text=f"Do thi công vỉa hè, điểm dừng {name} tạm dời 150 m theo hướng đi.",
        line=line,
        stop=stop,
    )


def _storm(profile: BusProfile, spell: Spell) -> Iterator[Notice]:
    day = local_day(spell.begun)
    for line in profile.lines:
        if line.low and line.detour and (span := _above(spell, DETOUR_AT)):
            yield Notice(
                id=f"lu-{day}-{line.id}",
                start=span[0],
                end=span[1],
                cause=gtfs.Alert.WEATHER,
                effect=gtfs.Alert.DETOUR,
                level=gtfs.Alert.WARNING,
                title=(f"Tuyến {line.id} đi đường vòng do ngập", f"Line {line.id} diverted by flooding"),
                text=f"Các đoạn ven sông của tuyến {line.name} ngập sâu; xe đi đường vòng đến khi nước rút.",
                line=line,
            )
        elif line.low and (span := _above(spell, STOPPED_AT)):
            yield Notice(
                id=f"lu-{day}-{line.id}",
                start=span[0],
                end=span[1],
                cause=gtfs.Alert.WEATHER,
                effect=gtfs.Alert.NO_SERVICE,
                level=gtfs.Alert.SEVERE,
                title=(f"Tuyến {line.id} tạm ngừng do lũ", f"Line {line.id} suspended by the flood"),
                text=f"Tuyến {line.name} tạm ngừng vì đường ngập; xe chạy lại khi có thông báo.",
                line=line,
            )
    if span := _above(spell, REDUCED_AT):
        yield Notice(
            id=f"lu-{day}",
            start=span[0],
            end=span[1],
            cause=gtfs.Alert.WEATHER,
            effect=gtfs.Alert.REDUCED_SERVICE,
            level=gtfs.Alert.WARNING,
            title=("Xe buýt giảm chuyến vì mưa lũ", "Fewer buses because of the flood"),
            text="Toàn mạng giảm chuyến; đề nghị hành khách chỉ đi lại khi thật cần thiết.",
        )


def _above(spell: Spell, level: float) -> tuple[float, float] | None:
    """From when to when the storm is at least so severe, to ten minutes."""
    storm = spell.storm
    t = spell.begun + np.arange(storm.starts_h * 3600, storm.ends_h * 3600, 600.0)
    hard = t[spell.severity(np.asarray(t)) >= level]
    return (float(hard[0]), float(hard[-1]) + 600) if len(hard) else None
