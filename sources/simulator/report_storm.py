"""What a storm adds to the citizens' reports: how many in each hour, of which kinds, from which wards."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import accumulate
from math import exp
from random import Random
from typing import TYPE_CHECKING, Literal

import numpy as np

from sources.simulator.clock import local_midnight
from sources.simulator.noise import dice
from sources.simulator.profile import Profile
from sources.simulator.report_kinds import Kind, Ward
from sources.simulator.spell import Spell
from sources.simulator.water import LonLat, distance_m

if TYPE_CHECKING:
    from sources.simulator.noise import Floats

FIRST_NUMBER, NUMBERS_A_DAY = 10_000_000, 4000
"""Numbers of a storm's reports are none of a calm day's: those keep theirs whatever the weather."""

NIGHT = 0.55
"""People wake and call: the share of a storm's reports that does not follow the hour of the day."""

LOW_M = 6_000.0
AFTER_S = 6 * 3600.0


class StormKind(Kind):
    """``where`` it happens: in wards by river and lagoon, in the hills, or anywhere."""

    where: Literal["low", "high", "any"] = "any"


def storm_kinds() -> tuple[StormKind, ...]:
    text = files("sources.simulator").joinpath("storm_texts.toml").read_text(encoding="utf-8")
    return tuple(StormKind.model_validate(kind) for kind in tomllib.loads(text)["kind"])


def is_of_storm(number: int) -> bool:
    """Whether the report of that number is one that a storm added."""
    return number >= FIRST_NUMBER


@dataclass
class StormCalls:
    """The calls that a storm adds in a city with these wards; pure in seed, day and place in the day."""

    seed: int
    spell: Spell
    profile: Profile
    wards: Sequence[Ward]
    hourly: Sequence[float]

    @cached_property
    def kinds(self) -> tuple[StormKind, ...]:
        return storm_kinds()

    def times(self, day: int) -> list[float]:
        """Epoch s of the calls of a local day, in order; people still call for hours after the rain."""
        start = local_midnight(day)
        middles = np.asarray(start + (np.arange(24) + 0.5) * 3600.0, dtype=np.float64)
        severity = self._felt(middles)
        if not severity.any():
            return []
        roll = dice(self.seed, "storm calls", day)
        mean = sum(self.hourly) / 24
        hour = self.profile.reports_per_day / 24 * (self.spell.storm.reports - 1)
        found: list[float] = []
        for n, share in enumerate(severity.tolist()):
            expected = hour * share * (NIGHT + (1 - NIGHT) * self.hourly[n] / mean)
            count = int(expected + roll.random())
            found += [start + (n + roll.random()) * 3600.0 for _ in range(count)]
        return sorted(found)[:NUMBERS_A_DAY]

    def _felt(self, t: Floats) -> Floats:
        return np.maximum(self.spell.severity(t), 0.5 * self.spell.severity(t - AFTER_S))

    def kind(self, roll: Random) -> StormKind:
        return roll.choices(self.kinds, [kind.weight for kind in self.kinds])[0]

    def ward(self, roll: Random, kind: StormKind) -> Ward:
        return roll.choices(self.wards, cum_weights=self._weights[kind.where])[0]

    @cached_property
    def _weights(self) -> dict[str, list[float]]:
        low = list(self._lowness())
        weighted = {
            "any": [ward.weight for ward in self.wards],
            "low": [ward.weight * (0.03 + share) for ward, share in zip(self.wards, low, strict=True)],
            "high": [
                1.0 if ward.spread_m >= HILLS_M and share < FAR_FROM_WATER else 1e-6
                for ward, share in zip(self.wards, low, strict=True)
            ],
        }
        return {where: list(accumulate(weights)) for where, weights in weighted.items()}

    def _lowness(self) -> Iterator[float]:
        """How near each ward lies to a gauge that has tide or alarm levels, or to a fishing port."""
        gauges = [(gauge.lon, gauge.lat) for gauge in self.profile.water if gauge.tide_m or gauge.bd1]
        ports: list[LonLat] = [
            (port.lon, port.lat) for port in self.profile.landings if port.lon is not None and port.lat is not None
        ]
        places = [*gauges, *ports]
        for ward in self.wards:
            yield max((exp(-((distance_m(ward.place, place) / LOW_M) ** 2)) for place in places), default=1.0)


HILLS_M, FAR_FROM_WATER = 1500.0, 0.2
"""Wards of more than some 33 km² far from any such gauge are hills, as far as a report can tell."""
