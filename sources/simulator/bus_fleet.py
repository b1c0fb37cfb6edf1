"""Where every bus of the city is at an instant: a pure function of the seed, the timetable and the weather."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from sources.simulator.bus_lines import FIRST_H, LAST_H, LAYOVER_S, BusProfile, Line, Way, ways
from sources.simulator.clock import LOCAL_OFFSET_S, local_day, local_midnight
from sources.simulator.noise import Floats, dice, key, smooth, uniform
from sources.simulator.spell import Spell

DETOUR_AT, STOPPED_AT = 0.3, 0.75
"""Severity from which low lines go around, and from which those without a way around stand still."""

WITHDRAWN = 0.55
SILENT_SLOT_S = 2 * 3600.0
SILENT = 0.04
"""Share of the buses whose set fails within a slot of two hours."""

CROWD_S = 300.0


@dataclass(frozen=True, slots=True)
class Bus:
    """``id`` is the operator's fleet number, never the plate; ``place`` its number among the line's ``of`` buses."""

    id: str
    plate: str
    label: str
    line: Line
    place: int
    index: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A bus in service. ``t`` (epoch s) is the time of its fix: long ago for one whose set is silent."""

    bus: Bus
    trip: str
    direction: int
    t: float
    lon: float
    lat: float
    bearing: float
    speed_m_s: float
    delay_s: float
    crowd: int  # percent of its places


@dataclass
class BusFleet:
    """The buses of a city; a bus out of service is not seen at all."""

    seed: int
    profile: BusProfile
    spell: Spell | None = None

    @cached_property
    def buses(self) -> Sequence[Bus]:
        found: list[Bus] = []
        numbers = dice(self.seed, "plates").sample(range(100, 1000), sum(line.buses for line in self.profile.lines))
        for line in self.profile.lines:
            for place in range(line.buses):
                plate = f"{self.profile.plate}-{numbers[len(found)]}.{line.id}"
                label = f"{line.id}-{place + 1}"
                found.append(Bus(f"xe-{label}", plate, label, line, place, len(found)))
        return found

    @cached_property
    def _ways(self) -> dict[str, tuple[tuple[Way, Way], tuple[Way, Way]]]:
        """By line: forward and backward of the usual way and of the detour."""
        both = {line.id: ways(self.profile, line) for line in self.profile.lines}
        return {
            name: ((usual, usual.backward()), (around, around.backward())) for name, (usual, around) in both.items()
        }

    def seen(self, t: float) -> Iterator[Seen]:
        """Every bus in service at ``t``, silent sets as they were last heard."""
        slot = int(t // SILENT_SLOT_S)
        index = np.arange(len(self.buses))
        fails = uniform(self.seed, key("silent bus"), index, slot)
        since = SILENT_SLOT_S * (slot + 0.7 * uniform(self.seed, key("silent since"), index, slot))
        for bus, failing, heard in zip(self.buses, fails.tolist(), since.tolist(), strict=True):
            now = self._seen(bus, t)
            if now is None:
                continue
            last = self._seen(bus, heard) if failing < SILENT and heard < t else None
            yield last or now

    def _seen(self, bus: Bus, t: float) -> Seen | None:
        found = self._trip(bus, t)
        if found is None:
            return None
        start, number = found
        severity = self._severity(start)
        if self._withdrawn(bus, severity):
            return None
        way = self._ways[bus.line.id][severity >= DETOUR_AT][number % 2]
        delay = self._delay(bus, t)
        moment = t - start - delay
        d = np.interp([moment - 1, moment, moment + 1], way.t, way.d)
        corner = int(np.clip(np.searchsorted(way.along, d[1], side="right") - 1, 0, len(way.along) - 2))
        local = datetime.fromtimestamp(start, UTC) + timedelta(seconds=LOCAL_OFFSET_S)
        return Seen(
            bus=bus,
            trip=f"{bus.line.id}-{number % 2}-{local:%H%M}-{bus.place + 1}",
            direction=number % 2,
            t=t,
            lon=float(np.interp(d[1], way.along, way.lon)),
            lat=float(np.interp(d[1], way.along, way.lat)),
            bearing=float(way.bearing[corner]),
            speed_m_s=float(d[2] - d[0]) / 2,
            delay_s=delay,
            crowd=self._crowd(bus, t, severity),
        )

    def _trip(self, bus: Bus, t: float) -> tuple[float, int] | None:
        """Start and number of the trip that the bus is on, or waits after; None outside the timetable."""
        day = local_midnight(local_day(t))
        leg = self._ways[bus.line.id][0][0].seconds + LAYOVER_S
        first = day + FIRST_H * 3600 + 2 * leg * bus.place / bus.line.buses % 5400
        if t < first:
            return None
        number = int((t - first) // leg)
        start = first + number * leg
        if start > day + LAST_H * 3600:
            return None
        return start, number + bus.place

    def timetable(self) -> Iterator[tuple[Bus, int, float]]:
        """Every trip of a day: bus, direction, seconds of the local day."""
        for bus in self.buses:
            t = local_midnight(0) + FIRST_H * 3600
            end = local_midnight(0) + (LAST_H + 2) * 3600
            told = -1.0
            while t < end:
                found = self._trip(bus, t)
                if found is not None and found[0] != told:
                    told = found[0]
                    yield bus, found[1] % 2, told - local_midnight(0)
                t += 300

    def _severity(self, t: float) -> float:
        return 0.0 if self.spell is None else float(self.spell.severity(np.array([t]))[0])

    def _withdrawn(self, bus: Bus, severity: float) -> bool:
        if bus.line.low and not bus.line.detour and severity >= STOPPED_AT:
            return True
        return bus.place >= round(bus.line.buses * (1 - WITHDRAWN * severity))

    def _delay(self, bus: Bus, t: float) -> float:
        """Seconds; a minute early at most, and never so late that the next trip begins before this one ends."""
        at = np.array([t])
        hour = (t + LOCAL_OFFSET_S) % 86400 / 3600
        rush = 130 * np.exp(-(((hour - 7.2) / 1.1) ** 2)) + 150 * np.exp(-(((hour - 17.3) / 1.3) ** 2))
        own = 90 * smooth(self.seed, key("delay", bus.index), at, 2400.0)
        found: Floats = 60 + own + rush + 380 * self._severity(t)
        return float(np.clip(found[0], -60, LAYOVER_S - 40))

    def _crowd(self, bus: Bus, t: float, severity: float) -> int:
        """Percent of the places, in fives, told every five minutes."""
        slot = t // CROWD_S * CROWD_S
        hour = (slot + LOCAL_OFFSET_S) % 86400 / 3600
        rush = 55 * np.exp(-(((hour - 7.0) / 1.2) ** 2)) + 50 * np.exp(-(((hour - 17.0) / 1.4) ** 2))
        own = 18 * smooth(self.seed, key("crowd", bus.index), np.array([slot]), 1800.0)[0]
        return int(5 * round(float(np.clip((28 + rush + own) * (1 - 0.5 * severity), 0, 120)) / 5))
