"""Data loggers of a city: automatic stations that write the files of Circular 10/2021/TT-BTNMT every five minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydantic import BaseModel, ConfigDict

from sources.simulator.clock import LOCAL
from sources.simulator.noise import Floats, key, smooth
from sources.simulator.profile import AirStation, WaterStation
from sources.simulator.series import AIR, HOUR_S, air_state, rain_mm_h, water_level_m
from sources.simulator.spell import Spell
from sources.simulator.town import Town

CYCLE_S = 300.0

States = Callable[[Floats], Sequence[str]]


class LoggerProfile(BaseModel):
    """``profiles/stations_ftp/CITY.toml``: ``prefix`` is province and site as file names begin. Codes end the names.

    Of a ``quality`` station ``burden`` scales what the town lets into the river.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str
    air: tuple[AirStation, ...] = ()
    quality: tuple[AirStation, ...] = ()
    gauges: tuple[WaterStation, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One symbol of a file, as table 34 writes it."""

    symbol: str
    unit: str
    decimals: int
    values: Callable[[Floats], Floats]
    states: States


@dataclass(frozen=True, slots=True)
class Logger:
    """``name`` begins its files' names; ``title`` is what people call the station."""

    name: str
    title: str
    lon: float
    lat: float
    category: str
    columns: tuple[Column, ...]

    @property
    def code(self) -> str:
        return self.name.rpartition("_")[2]

    def file_name(self, t: float) -> str:
        return f"{self.name}_{stamp(t)}.txt"

    def folder(self, t: float) -> str:
        """Below the root: station, year, month, day, by the logger's own clock."""
        return f"{self.code}/{datetime.fromtimestamp(t, LOCAL):%Y/%m/%d}"

    def files(self, t: Floats, skew_s: float = 0.0) -> list[str]:
        """The text of the file of each of these times (epoch s)."""
        lines: list[list[str]] = [[] for _ in t]
        for column in self.columns:
            rows = zip(lines, t.tolist(), column.values(t).tolist(), column.states(t), strict=True)
            for told, time, value, state in rows:
                shown = "" if state == "02" else f"{value:.{column.decimals}f}"
                told.append(f"{column.symbol}\t{shown}\t{column.unit}\t{stamp(time + skew_s)}\t{state}\r\n")
        return ["".join(told) for told in lines]


def stamp(t: float) -> str:
    """Local time as the circular writes it: ``20261121083000``."""
    return f"{datetime.fromtimestamp(t, LOCAL):%Y%m%d%H%M%S}"


def loggers(town: Town) -> tuple[tuple[Logger, ...], tuple[Logger, ...]]:
    """Those of the air and those of the water; none where the city lacks the service."""
    found = town.data("stations_ftp", LoggerProfile)
    if found is None:
        return (), ()
    air = [_air(found.prefix, station, town) for station in found.air]
    water = [_quality(found.prefix, station, town) for station in found.quality]
    water += [_gauge(found.prefix, station, town) for station in found.gauges]
    return (
        tuple(air) if town.runs("air_quality") else (),
        tuple(water) if town.runs("hydrology") else (),
    )


SYMBOLS = {
    "pm25": ("PM2,5", "ug/Nm3"),
    "pm10": ("PM10", "ug/Nm3"),
    "o3": ("O3", "ug/Nm3"),
    "no2": ("NO2", "ug/Nm3"),
    "temp": ("Temp", "oC"),
    "humidity": ("RH", "%"),
}


def _air(prefix: str, station: AirStation, town: Town) -> Logger:
    def column(known: str, symbol: str, unit: str) -> Column:
        measured, series = AIR[known]
        return Column(
            symbol,
            unit,
            measured.decimals,
            lambda t: series(town.seed, station, t, town.spell),
            lambda t: air_state(town.seed, station.code, known, t),
        )

    columns = tuple(column(known, symbol, unit) for known, (symbol, unit) in SYMBOLS.items())
    name = f"{prefix}_{station.code}"
    return Logger(name, f"Trạm không khí tự động {station.name}", station.lon, station.lat, "air_station", columns)


def _quality(prefix: str, station: AirStation, town: Town) -> Logger:
    columns = tuple(
        Column(
            symbol,
            unit,
            decimals,
            lambda t, symbol=symbol: _water(symbol, town.seed, station, t, town.spell),  # type: ignore[misc]
            lambda t, symbol=symbol: air_state(town.seed, station.code, symbol, t),  # type: ignore[misc]
        )
        for symbol, unit, decimals in (
            ("Temp", "oC", 1),
            ("pH", "-", 2),
            ("TSS", "mg/L", 0),
            ("COD", "mg/L", 1),
            ("NH4", "mg/L", 2),
        )
    )
    name = f"{prefix}_{station.code}"
    return Logger(name, f"Trạm nước mặt tự động {station.name}", station.lon, station.lat, "water_quality", columns)


def _water(symbol: str, seed: int, station: AirStation, t: Floats, spell: Spell | None) -> Floats:
    """A river through a town: a little warmer in the afternoon, muddy after rain, thinner in a flood."""
    drift = smooth(seed, key(symbol, station.code), t, 9 * HOUR_S)
    flood = np.zeros(t.shape) if spell is None else spell.severity(t)
    rain = np.minimum(rain_mm_h(seed, station.code, t, spell), 40)
    of: dict[str, Floats] = {
        "Temp": 25 - 3 * np.cos(2 * np.pi * (t / 86400 - 20) / 365.25) + 0.8 * drift - 2 * flood,
        "pH": 7.15 + 0.18 * drift - 0.3 * flood,
        "TSS": np.maximum(4, (22 + 9 * drift + 3 * rain) * station.burden + 260 * flood),
        "COD": np.maximum(2, (11 + 4 * drift) * station.burden * (1 - 0.4 * flood)),
        "NH4": np.maximum(0.02, (0.22 + 0.12 * drift) * station.burden * (1 - 0.5 * flood)),
    }
    return np.asarray(of[symbol])


def _gauge(prefix: str, station: WaterStation, town: Town) -> Logger:
    columns = (
        Column("WL", "m", 2, lambda t: water_level_m(town.seed, station, t, town.spell), _measuring),
        Column("RAIN", "mm", 1, lambda t: rain_mm_h(town.seed, station.code, t, town.spell) / 6, _measuring),
    )
    name = f"{prefix}_{station.code}"
    return Logger(name, f"Trạm thủy văn tự động {station.name}", station.lon, station.lat, "water_station", columns)


def _measuring(t: Floats) -> list[str]:
    return ["00"] * len(t)
