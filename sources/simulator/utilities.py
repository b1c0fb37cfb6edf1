"""The city's pumps, drainage gates, water gauges, waste bins and trucks: a function of (seed, instant, severity).

Nothing of it is a measurement; names are of wards, places near their points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, pi

from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S, local_day, local_midnight
from sources.simulator.noise import dice, key, smooth, uniform
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town
from sources.simulator.water import LonLat, offset

Values = Mapping[str, tuple[float | str, str | None]]
"""Attribute to value and UN/CEFACT unit code."""


class Kind(StrEnum):
    """Entity types of the broker (Smart Data Models)."""

    PUMP = "Pump"
    GATE = "DrainageGate"
    GAUGE = "WaterNetworkSensor"
    BIN = "WasteContainer"
    TRUCK = "WasteVehicle"


STEP_S = {Kind.PUMP: 60.0, Kind.GATE: 60.0, Kind.GAUGE: 60.0, Kind.BIN: 300.0, Kind.TRUCK: 30.0}
"""How often a device reports: all within three times the source's cadence, or they would be silent between reports."""

COUNTS = {Kind.PUMP: 6, Kind.GATE: 6, Kind.GAUGE: 12, Kind.BIN: 40, Kind.TRUCK: 10}
TITLES = {
    Kind.PUMP: "Trạm bơm thoát nước",
    Kind.GATE: "Cống điều tiết",
    Kind.GAUGE: "Điểm đo cấp nước",
    Kind.BIN: "Điểm tập kết rác",
    Kind.TRUCK: "Xe ép rác số",
}
FAULT_SLOT_S = 4 * 3600.0
SHIFTS = ((4.5, 9.5), (16.5, 21.5))
"""Local hours in which waste is collected."""

LOAD_T = 7.5
FLOODED = 0.75
"""From this severity on trucks stay in their yard."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One device. ``route`` are a truck's stops, its yard first."""

    number: int
    kind: Kind
    id: str
    name: str
    place: LonLat
    route: tuple[LonLat, ...] = ()

    @property
    def phase_s(self) -> float:
        """Devices do not all report in the same second."""
        return key(self.id) % int(STEP_S[self.kind])

    def slot(self, t: float) -> float:
        """Epoch s of its newest report at ``t``."""
        step = STEP_S[self.kind]
        return (t - self.phase_s) // step * step + self.phase_s


@dataclass(frozen=True, slots=True)
class Utilities:
    """Every asset of one city."""

    town: Town
    assets: tuple[Asset, ...]

    def severity(self, t: float) -> float:
        return float(self.town.severity(t)[0])

    def values(self, asset: Asset, t: float) -> Values:
        """What the asset reports at ``t``, one of its slots."""
        return {
            Kind.PUMP: self._pump,
            Kind.GATE: self._gate,
            Kind.GAUGE: self._gauge,
            Kind.BIN: self._bin,
            Kind.TRUCK: self._truck,
        }[asset.kind](asset, t)

    def place(self, asset: Asset, t: float) -> LonLat:
        """Where it is: only trucks move, on straight lines from stop to stop."""
        progress = self._progress(t)
        if not asset.route or progress is None:
            return asset.place
        along = progress * (len(asset.route) - 1)
        leg = min(int(along), len(asset.route) - 2)
        (x0, y0), (x1, y1), part = asset.route[leg], asset.route[leg + 1], along - leg
        return round(x0 + (x1 - x0) * part, 6), round(y0 + (y1 - y0) * part, 6)

    def _level(self, asset: Asset, t: float) -> float:
        """Water in the sewer before the asset, m: slow, a little tide, and the storm."""
        calm = 0.55 + 0.25 * float(smooth(self.town.seed, key(asset.id, "level"), t, 5400)[0])
        return max(0.05, calm + 2.3 * self.severity(t - 1800))

    def _broken(self, asset: Asset, t: float) -> bool:
        chance = float(uniform(self.town.seed, key(asset.id, "fault"), int(t // FAULT_SLOT_S))[0])
        return chance < 0.012 + 0.18 * self.severity(t)

    def _noise(self, asset: Asset, what: str, t: float, period_s: float = 1800) -> float:
        return float(smooth(self.town.seed, key(asset.id, what), t, period_s)[0])

    def _pump(self, asset: Asset, t: float) -> Values:
        level = self._level(asset, t)
        state = "fault" if self._broken(asset, t) else "running" if level > 0.7 else "stopped"
        share = min(1.0, level / 1.5) * (0.95 + 0.05 * self._noise(asset, "share", t, 600))
        on = state == "running"
        return {
            "operationalStatus": (state, None),
            "activePower": (round(75 * share, 1) if on else 0.0, "KWT"),
            "flowRate": (round(2400 * share, 1) if on else 0.0, "MQH"),
            "waterLevel": (round(level, 2), "MTR"),
        }

    def _gate(self, asset: Asset, t: float) -> Values:
        level = self._level(asset, t)
        state = "fault" if self._broken(asset, t) else "open" if level < 1.6 else "closed"
        return {"gateStatus": (state, None), "waterLevel": (round(level, 2), "MTR")}

    def _gauge(self, asset: Asset, t: float) -> Values:
        hour = (t + LOCAL_OFFSET_S) % DAY_S / 3600
        use = 1 + 0.35 * cos((hour - 7) / 24 * 4 * pi) + 0.1 * self._noise(asset, "use", t)
        pressure = 2.7 - 0.45 * use - 0.8 * self.severity(t) + 0.05 * self._noise(asset, "bar", t, 300)
        return {
            "waterPressure": (round(max(0.2, pressure), 2), "BAR"),
            "flowRate": (round(160 * use, 1), "MQH"),
            "lossRate": (round(14 + 3 * self._noise(asset, "loss", t, 86400), 1), "P1"),
        }

    def _bin(self, asset: Asset, t: float) -> Values:
        """It fills after each collection; a flooded day leaves it full."""
        day, roll = local_day(t), dice(self.town.seed, asset.id, "bin")
        emptied = 5 + 4 * roll.random()
        rate = roll.uniform(55, 105)
        hours = (t - local_midnight(day)) / 3600 - emptied
        hours += 24 if hours < 0 else 0
        fill = rate * hours / 24 + 60 * self.severity(t)
        return {"fillingLevel": (round(min(100.0, max(0.0, fill))), "P1")}

    def _progress(self, t: float) -> float | None:
        """How far into its shift a truck is, 0…1; None when it stands in the yard."""
        if self.severity(t) >= FLOODED:
            return None
        hour = (t - local_midnight(local_day(t))) / 3600
        return next(((hour - start) / (end - start) for start, end in SHIFTS if start <= hour < end), None)

    def _truck(self, asset: Asset, t: float) -> Values:
        progress = self._progress(t)
        load = 0.0 if progress is None else LOAD_T * min(1.0, progress * 1.1)
        return {
            "cargoWeight": (round(load, 1), "TNE"),
            "serviceStatus": ("parked" if progress is None else "onRoute", None),
        }


def utilities(town: Town) -> Utilities:
    """The cast of a town; of a province the wards of its operating areas first."""
    found = wards(town.city)
    own = {code for area in town.city.areas for code in area.wards}
    near = [ward for ward in found if ward.code in own] or sorted(found, key=lambda ward: -ward.weight)[:12]
    assets: list[Asset] = []
    for kind, count in COUNTS.items():
        assets += [_asset(town.seed, kind, n, near) for n in range(1, count + 1)]
    bins = [asset.place for asset in assets if asset.kind is Kind.BIN]
    return Utilities(town, tuple(_routed(asset, bins) for asset in assets))


def _asset(seed: int, kind: Kind, n: int, near: Sequence[Ward]) -> Asset:
    roll = dice(seed, "utility", kind, n)
    ward = near[(n - 1) % len(near)] if kind is not Kind.TRUCK else near[0]
    lon, lat = offset(ward.place, roll.uniform(0, 360), ward.spread_m * min(1.5, abs(roll.gauss(0, 0.7))))
    name = f"{TITLES[kind]} {n:02d}" + ("" if kind is Kind.TRUCK else f", {ward.name}")
    return Asset(n, kind, f"urn:ngsi-ld:{kind}:vonglau:{n:03d}", name, (round(lon, 6), round(lat, 6)))


def _routed(asset: Asset, bins: Sequence[LonLat]) -> Asset:
    """A truck's stops: every tenth bin from its own number on, nearest next, and back to the yard."""
    if asset.kind is not Kind.TRUCK:
        return asset
    left, route = list(bins[(asset.number - 1) % 10 :: 5]), [asset.place]
    while left:
        x, y = route[-1]
        left.sort(key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)
        route.append(left.pop(0))
    return Asset(asset.number, asset.kind, asset.id, asset.name, asset.place, (*route, asset.place))
