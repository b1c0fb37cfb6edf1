"""The SensorThings entities of one instance: stations, datastreams, and observations made when asked for.

Ids are integers: things from 1 in the order of the profile, datastreams ``thing × 100 + n``, observations
``datastream × 10^7 + slot``, slots counted from 2020-01-01 in steps of the cadence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sources.simulator.clock import iso
from sources.simulator.noise import Floats
from sources.simulator.profile import AirStation, Profile, WaterStation
from sources.simulator.series import (
    AIR,
    LEVEL,
    RAIN_1H,
    RAIN_24H,
    Measured,
    Series,
    air_state,
    rain_sum,
    water_level_m,
)
from sources.simulator.spell import Spell

Entity = dict[str, object]

EPOCH_2020 = 1577836800.0
HORIZON_S = 60 * 86400.0
"""Observations older than this are no longer handed out."""

AIR_CADENCE_S, AIR_DELAY_S = 3600.0, 60.0
WATER_CADENCE_S, WATER_DELAY_S = 600.0, 20.0
SLOTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Datastream:
    """``values`` and ``states`` take epoch seconds. A result is out ``delay_s`` after its phenomenon time."""

    id: int
    thing: int
    measured: Measured
    cadence_s: float
    delay_s: float
    values: Callable[[Floats], Floats]
    states: Callable[[Floats], Sequence[str]]

    def slots(self, start: float, end: float, now: float) -> tuple[int, int]:
        """First and last slot with start ≤ time ≤ end that are out at ``now``; empty when first > last."""
        start = max(start, now - HORIZON_S)
        end = min(end, now - self.delay_s)
        first = int(np.ceil((start - EPOCH_2020) / self.cadence_s))
        return first, int((end - EPOCH_2020) // self.cadence_s)

    def time(self, observation: int) -> float:
        """Phenomenon time (epoch s) of the observation of that id."""
        return EPOCH_2020 + observation % SLOTS * self.cadence_s

    def observations(self, first: int, last: int, skew_s: float = 0.0, *, every: int = 1) -> list[Entity]:
        """The observations of these slots, in order of time; with ``every`` of those alone whose number it divides.

        Nothing is measured while the device is broken.
        """
        slots = np.arange(-(-first // every) * every, last + 1, every)
        if not len(slots):
            return []
        t = np.asarray(EPOCH_2020 + slots * self.cadence_s, dtype=np.float64)
        rows = zip(slots.tolist(), t.tolist(), self.values(t).tolist(), self.states(t), strict=True)
        return [
            {
                "@iot.id": self.id * SLOTS + slot,
                "phenomenonTime": iso(time + skew_s),
                "resultTime": iso(time + skew_s),
                "result": None if state == "02" else self._result(value),
                "resultQuality": state,
            }
            for slot, time, value, state in rows
        ]

    def _result(self, value: float) -> float | str:
        measured = self.measured
        if measured.words:
            return measured.words[int(value)]
        return round(value, measured.decimals) if measured.decimals else round(value)


@dataclass(frozen=True, slots=True)
class Station:
    """A thing with its place and its datastreams; a road segment also has the ``path`` that its place lies on."""

    id: int
    code: str
    name: str
    description: str
    lon: float
    lat: float
    properties: Entity
    datastreams: tuple[Datastream, ...]
    path: tuple[tuple[float, float], ...] = ()


def air_stations(profile: Profile, seed: int, spell: Spell | None = None) -> tuple[Station, ...]:
    """Hourly means of six pollutants, temperature and humidity at each air station."""
    return tuple(_air(number, station, seed, spell) for number, station in enumerate(profile.air, 1))


def _air(number: int, station: AirStation, seed: int, spell: Spell | None) -> Station:
    def stream(n: int, measured: Measured, series: Series) -> Datastream:
        return Datastream(
            id=number * 100 + n,
            thing=number,
            measured=measured,
            cadence_s=AIR_CADENCE_S,
            delay_s=AIR_DELAY_S,
            values=lambda t: series(seed, station, t, spell),
            states=lambda t: air_state(seed, station.code, measured.id, t),
        )

    return Station(
        id=number,
        code=station.code,
        name=f"Trạm không khí {station.name}",
        description=f"Trạm quan trắc không khí tự động {station.name} (mô phỏng)",
        lon=station.lon,
        lat=station.lat,
        properties={"station": station.code, "category": "air_station"},
        datastreams=tuple(stream(n, measured, series) for n, (measured, series) in enumerate(AIR.values(), 1)),
    )


def water_stations(profile: Profile, seed: int, spell: Spell | None = None) -> tuple[Station, ...]:
    """Water level every ten minutes and rain sums at each gauge."""
    return tuple(_water(number, station, seed, spell) for number, station in enumerate(profile.water, 1))


def _water(number: int, station: WaterStation, seed: int, spell: Spell | None) -> Station:
    series: list[tuple[Measured, Callable[[Floats], Floats]]] = [
        (LEVEL, lambda t: water_level_m(seed, station, t, spell))
    ]
    if station.rain:
        series += [
            (RAIN_1H, lambda t: rain_sum(seed, station.code, t, 1, spell)),
            (RAIN_24H, lambda t: rain_sum(seed, station.code, t, 24, spell)),
        ]
    alarms = {name: getattr(station, name) for name in ("bd1", "bd2", "bd3")}
    return Station(
        id=number,
        code=station.code,
        name=f"Trạm thủy văn {station.name}",
        description=f"Trạm thủy văn {station.name}, {station.river} (mô phỏng)",
        lon=station.lon,
        lat=station.lat,
        properties={
            "station": station.code,
            "river": station.river,
            "category": "water_station",
            **{name: value for name, value in alarms.items() if value is not None},
        },
        datastreams=tuple(
            Datastream(
                id=number * 100 + n,
                thing=number,
                measured=measured,
                cadence_s=WATER_CADENCE_S,
                delay_s=WATER_DELAY_S,
                values=values,
                states=lambda t: ["00"] * len(t),
            )
            for n, (measured, values) in enumerate(series, 1)
        ),
    )
