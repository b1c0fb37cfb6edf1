"""The storm of a scenario at its instant: rain over the basin, the rivers' answer, when boats must be in port."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sources.simulator.noise import Floats, key, smooth
from sources.simulator.profile import WaterStation
from sources.simulator.scenario import HOUR_S, Scenario, Storm

STEP_H = 1 / 6
RISE_H, FALL_H = 2.5, 20.0
"""Of a basin's answer to rain: it rises within hours and falls over days."""

TAIL_H = 120.0
GREAT_RISE_M = 3.0
WARNED_H = 3.0
OVER_AT = 0.3
"""Boats are told to run for port so long before the storm, and leave again when its severity is down to this."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A storm that began with its scenario at ``begun`` (epoch s). Vectorised over time; pure."""

    storm: Storm
    begun: float

    def severity(self, t: Floats) -> Floats:
        """0…1."""
        return _scenario(self.storm).severity(t - self.begun)

    def rain_mm_h(self, seed: int, place: str, t: Floats) -> Floats:
        """Intensity at a place: more on one slope than on another, in bands of some forty minutes."""
        slope = 0.45 + 0.4 * (key("slope", seed, place) % 1000) / 1000
        bands = 1 + 0.4 * smooth(seed, key("bands", place), t, 40 * 60.0)
        hours = 1 + 0.2 * smooth(seed, key("cells", place), t, 5 * HOUR_S)
        return np.asarray(self.storm.rain_mm_h * self.severity(t) * slope * bands * hours)

    def rise_m(self, station: WaterStation, t: Floats) -> Floats:
        """What the storm adds at a gauge. A river whose third alarm stands 3 m above its usual level rises by the
        storm's ``rise_m``, others in proportion; gauges that no tide reaches crest earlier.
        """
        reach = station.response_m * 2.2 if station.bd3 is None else (station.bd3 - station.base_m) / GREAT_RISE_M
        hours, wave = _flood_wave(self.storm, self.storm.lag_h * (1.0 if station.tide_m else 0.5))
        wave_at = np.interp((t - self.begun) / HOUR_S, hours, wave, left=0.0, right=0.0)
        return np.asarray(self.storm.rise_m * reach * wave_at)

    def span(self) -> tuple[float, float]:
        """Epoch s between which boats stay in port."""
        storm = self.storm
        over = float(np.arccos(1 - 2 * OVER_AT)) / np.pi  # where the eased fall is down to OVER_AT
        over_h = storm.ends_h - (storm.ends_h - storm.wanes_h) * over
        return self.begun + (storm.starts_h - WARNED_H) * HOUR_S, self.begun + over_h * HOUR_S


def spell(scenario: Scenario, begun: float) -> Spell | None:
    """None for a scenario without a storm."""
    return None if scenario.storm is None else Spell(scenario.storm, begun)


@lru_cache(maxsize=8)
def _scenario(storm: Storm) -> Scenario:
    return Scenario(id="spell", title_vi="", title_en="", storm=storm)


@lru_cache(maxsize=8)
def _flood_wave(storm: Storm, lag_h: float) -> tuple[Floats, Floats]:
    """Hours after the scenario began and the height of the river's answer, 0…1: it begins with the storm, crests
    ``lag_h`` after the middle of the heaviest rain, and falls for days.
    """
    hours = np.arange(0.0, storm.ends_h - storm.starts_h + TAIL_H, STEP_H)
    age = np.arange(0.0, 4 * FALL_H, STEP_H)
    answer = np.exp(-age / FALL_H) - np.exp(-age / RISE_H)
    wave = np.convolve(_scenario(storm).severity((hours + storm.starts_h) * HOUR_S), answer)[: len(hours)]
    crest = hours[int(np.argmax(wave))]
    wanted = max((storm.peak_h + storm.wanes_h) / 2 + lag_h - storm.starts_h, STEP_H)
    told = np.where(hours < crest, hours * wanted / crest, hours - crest + wanted)
    return np.asarray(told + storm.starts_h), np.asarray(wave / wave.max())
