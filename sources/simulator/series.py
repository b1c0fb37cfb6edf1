"""What the stations measure: pure functions of (seed, station, property, time), vectorised over time.

Calm weather: showers, tides, a slow answer of the rivers below the first alarm level; air good to moderate with the
rhythm of traffic, sun and cooking fires. A ``spell`` adds its rain and the rivers' answer to it. Units are those of the
datastream; times are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.simulator.clock import LOCAL_OFFSET_S
from sources.simulator.noise import Floats, key, smooth, uniform
from sources.simulator.profile import AirStation, WaterStation
from sources.simulator.spell import Spell

HOUR_S = 3600.0
M2_S = 12.4206 * HOUR_S  # principal lunar tide
K1_S = 23.9345 * HOUR_S  # lunisolar diurnal tide, as large as M2 on this coast
CLEAR_OF_ALARM_M = 0.06
RAIN_STEP_S = 600.0


@dataclass(frozen=True, slots=True)
class Measured:
    """An observed property as a datastream gives it. ``unit`` is the symbol on the wire, ``ucum`` its UCUM code.

    With ``words`` the result is a word, and its value the place among them.
    """

    id: str
    name: str
    unit_name: str
    unit: str
    ucum: str
    decimals: int
    words: tuple[str, ...] = ()


def _hour_of_day(t: Floats) -> Floats:
    return np.asarray(((t + LOCAL_OFFSET_S) % 86400.0) / HOUR_S)


def _bump(hour: Floats, centre: float, width: float) -> Floats:
    """A daily hump of height 1 around ``centre`` o'clock, over midnight too."""
    distance = np.abs((hour - centre + 12) % 24 - 12)
    return np.asarray(np.exp(-((distance / width) ** 2)))


def rain_mm_h(seed: int, station: str, t: Floats, spell: Spell | None = None) -> Floats:
    """Intensity: showers of some hours over the region, uneven between stations, dry most of the time."""
    region = np.maximum(0, smooth(seed, key("rain", "region"), t, 9 * HOUR_S) - 0.45) * 7
    local = 0.5 + 0.5 * smooth(seed, key("rain", station), t, 2 * HOUR_S)
    calm = np.asarray(region * local)
    return calm if spell is None else np.asarray(calm + spell.rain_mm_h(seed, station, t))


def _rain_before(seed: int, station: str, t: Floats, lags: NDArray[np.int64], spell: Spell | None = None) -> Floats:
    """Intensity so many steps of 10 min before each t: a row a time, a column a lag. Each step is drawn once."""
    step = np.floor(t / RAIN_STEP_S).astype(np.int64)
    first = int(step.min() - lags.max())
    times = np.asarray(np.arange(first, int(step.max()) + 1) * RAIN_STEP_S, dtype=np.float64)
    grid = rain_mm_h(seed, station, times, spell)
    return np.asarray(grid[step[:, None] - lags[None, :] - first])


def rain_sum(seed: int, station: str, t: Floats, hours: int, spell: Spell | None = None) -> Floats:
    """Millimetres in the last ``hours`` hours."""
    return np.asarray(_rain_before(seed, station, t, np.arange(hours * 6), spell).sum(axis=1) / 6)


def water_level_m(seed: int, station: WaterStation, t: Floats, spell: Spell | None = None) -> Floats:
    """Base, tide, rain of the last two days through a reservoir of 18 h, and a little of the gauge's own noise.

    Showers alone never reach the first alarm level; a storm's flood comes on top of them.
    """
    lags = np.arange(3, 289, 3)
    ages = lags * RAIN_STEP_S
    weights = np.exp(-ages / (18 * HOUR_S)) * (1 - np.exp(-ages / (3 * HOUR_S)))
    rain_mm = _rain_before(seed, "basin " + station.river, t, lags) / 2
    rise = (rain_mm * weights).sum(axis=1) / 25 * station.response_m
    tide = station.tide_m * (0.6 * np.cos(2 * np.pi * t / M2_S) + 0.4 * np.cos(2 * np.pi * t / K1_S))
    slow = 0.05 * station.response_m * smooth(seed, key("level", station.code), t, 40 * HOUR_S)
    waves = 0.006 * (2 * uniform(seed, key("gauge", station.code), (t / 600).astype(np.int64)) - 1)
    level = station.base_m + tide + rise + slow + waves
    if station.bd1 is not None:
        level = np.minimum(level, station.bd1 - CLEAR_OF_ALARM_M + waves)
    return np.asarray(level if spell is None else level + spell.rise_m(station, t))


def _particles(seed: int, station: AirStation, t: Floats, spell: Spell | None) -> Floats:
    """PM2.5 in µg/m³: two rush hours, evening fires, still days that pile up, washed by rain."""
    hour = _hour_of_day(t)
    rush = 7 * _bump(hour, 7.3, 1.6) + 8 * _bump(hour, 18.5, 2.4)
    still = 7 * smooth(seed, key("still"), t, 60 * HOUR_S) + 4 * smooth(seed, key("pm", station.code), t, 7 * HOUR_S)
    washed = 1 / (1 + 0.25 * rain_mm_h(seed, station.code, t, spell))
    return np.asarray(np.maximum(3, (11 + rush + still) * (0.55 + 0.45 * station.burden) * washed))


def _ozone(seed: int, station: AirStation, t: Floats, spell: Spell | None) -> Floats:
    sun = np.maximum(0, np.sin(np.pi * (_hour_of_day(t) - 6.5) / 12.5)) ** 1.4
    sun = sun * (1 - 0.8 * _severity(spell, t))
    return np.asarray(22 + 58 * sun * (1 + 0.3 * smooth(seed, key("o3", station.code), t, 20 * HOUR_S)))


def _severity(spell: Spell | None, t: Floats) -> Floats:
    return np.zeros(t.shape) if spell is None else spell.severity(t)


def _traffic(seed: int, station: AirStation, t: Floats, name: str, spell: Spell | None) -> Floats:
    hour = _hour_of_day(t)
    flow = 0.35 + (_bump(hour, 7.3, 1.7) + _bump(hour, 17.8, 2.2)) * (1 - 0.7 * _severity(spell, t))
    return np.asarray(flow * station.burden * (1 + 0.35 * smooth(seed, key(name, station.code), t, 5 * HOUR_S)))


def _temperature(seed: int, station: AirStation, t: Floats, spell: Spell | None) -> Floats:
    day = np.cos(2 * np.pi * (_hour_of_day(t) - 14) / 24)
    season = 25 - 4.5 * np.cos(2 * np.pi * (t / 86400.0 - 20) / 365.25)
    region = 2 * smooth(seed, key("weather"), t, 70 * HOUR_S)
    local = 0.4 * smooth(seed, key("temperature", station.code), t, 5 * HOUR_S)
    return np.asarray((season + 3.4 * day + region + local) - 4 * _severity(spell, t))


def _humidity(seed: int, station: AirStation, t: Floats, spell: Spell | None) -> Floats:
    day = np.cos(2 * np.pi * (_hour_of_day(t) - 14) / 24)
    return np.asarray(np.clip(79 - 13 * day + 4 * rain_mm_h(seed, station.code, t, spell), 40, 99))


Series = Callable[[int, AirStation, Floats, Spell | None], Floats]

_UGM3 = ("microgram per cubic metre", "µg/m³", "ug/m3")

AIR: Mapping[str, tuple[Measured, Series]] = {
    "pm25": (Measured("pm25", "PM2.5", *_UGM3, 1), _particles),
    "pm10": (
        Measured("pm10", "PM10", *_UGM3, 1),
        lambda seed, s, t, spell: (
            _particles(seed, s, t, spell) * (1.6 + 0.25 * smooth(seed, key("pm10", s.code), t, 9 * HOUR_S))
        ),
    ),
    "o3": (Measured("o3", "O3", *_UGM3, 1), _ozone),
    "no2": (Measured("no2", "NO2", *_UGM3, 1), lambda seed, s, t, spell: 14 * _traffic(seed, s, t, "no2", spell)),
    "so2": (Measured("so2", "SO2", *_UGM3, 1), lambda seed, s, t, spell: 5 + 6 * _traffic(seed, s, t, "so2", spell)),
    "co": (Measured("co", "CO", *_UGM3, 0), lambda seed, s, t, spell: 320 + 420 * _traffic(seed, s, t, "co", spell)),
    "temp": (Measured("temp", "Temp", "degree Celsius", "°C", "Cel", 1), _temperature),
    "humidity": (Measured("humidity", "RH", "percent", "%", "%", 0), _humidity),
}
"""By property id. Levels stay within good and moderate of VN_AQI (Decision 1459/QĐ-TCMT) almost always."""

LEVEL = Measured("water_level", "Mực nước", "metre", "m", "m", 2)
RAIN_1H = Measured("rain_1h", "Lượng mưa 1 giờ", "millimetre", "mm", "mm", 1)
RAIN_24H = Measured("rain_24h", "Lượng mưa 24 giờ", "millimetre", "mm", "mm", 1)


def air_state(seed: int, station: str, measured: str, t: Floats) -> list[str]:
    """Device state of Circular 10/2021/TT-BTNMT: 00 measuring, 01 calibrating (two hours about every nine days), 02
    device error (some hours about every forty days).
    """
    what = key("device", station, measured)
    start = int(what % (9 * 24))
    hour = (t // HOUR_S).astype(np.int64)
    calibrating = (hour + start) % (9 * 24) < 2
    block = hour // 6
    broken = uniform(seed, what, block) < 6 / (40 * 24)
    return ["02" if b else "01" if c else "00" for b, c in zip(broken, calibrating, strict=True)]
