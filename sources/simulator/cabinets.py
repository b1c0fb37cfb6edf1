"""Lighting cabinets of the city, by feeder and substation, a pure function of (seed, instant, severity)."""

from __future__ import annotations

from dataclasses import dataclass

from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S
from sources.simulator.noise import chance, dice, key
from sources.simulator.report_intake import wards
from sources.simulator.town import Town

WARDS = 12
A_WARD = 8
A_FEEDER = 4
LIT_FROM, LIT_UNTIL = 17.75 * 3600.0, 5.25 * 3600.0
SAVING_FROM = 23 * 3600.0
"""From then on every second lamp is dark, as most cities save energy."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A substation or feeder: what a cabinet hangs on."""

    id: str
    name: str
    kind: str
    upstream: str | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Cabinet:
    """``rated_kw`` is what all its lamps take."""

    id: str
    name: str
    feeder: str
    lon: float
    lat: float
    lamps: int
    rated_kw: float


@dataclass(frozen=True, slots=True)
class Lighting:
    grid: tuple[Asset, ...]
    cabinets: tuple[Cabinet, ...]


def lighting(town: Town) -> Lighting | None:
    """Two feeders of four cabinets in each of the densest wards, a substation for three; None without the service."""
    if not town.runs("public_utilities"):
        return None
    grid: list[Asset] = []
    cabinets: list[Cabinet] = []
    streets = town.profile.streets or ("Lê Lợi",)
    for n, ward in enumerate(sorted(wards(town.city), key=lambda ward: -ward.weight)[:WARDS]):
        lon, lat = ward.place
        station = f"tba_{n // 3 + 1:02d}"
        if n % 3 == 0:
            grid.append(Asset(station, f"Trạm biến áp {ward.name}", "luoi_dien", None, lon, lat))
        reach = min(ward.spread_m, 900.0) / 111_000
        for m in range(A_WARD):
            roll = dice(town.seed, "cabinet", ward.code, m)
            feeder = f"lo_{n + 1:02d}{'ab'[m // A_FEEDER]}"
            if m % A_FEEDER == 0:
                x, y = _aside(town.seed, feeder, ward.place, reach)
                grid.append(Asset(feeder, f"Lộ {feeder[3:].upper()}, {ward.name}", "luoi_dien", station, x, y))
            lamps = roll.randint(18, 60)
            cabinets.append(
                Cabinet(
                    id=f"tcs_{n + 1:02d}{m + 1:02d}",
                    name=f"Tủ chiếu sáng {roll.choice(streets)}, {ward.name}",
                    feeder=feeder,
                    lon=round(lon + roll.gauss(0, reach), 5),
                    lat=round(lat + roll.gauss(0, reach), 5),
                    lamps=lamps,
                    rated_kw=round(lamps * 0.11, 2),
                )
            )
    return Lighting(tuple(grid), tuple(cabinets))


def _aside(seed: int, name: str, place: tuple[float, float], reach: float) -> tuple[float, float]:
    """Where a feeder begins: not on its substation, or neither could be told from the other on a map."""
    roll = dice(seed, "feeder place", name)
    return round(place[0] + roll.gauss(0, reach / 2), 5), round(place[1] + roll.gauss(0, reach / 2), 5)


def storm(town: Town, t: float) -> float:
    """Severity at one instant, without arrays on a calm day."""
    return 0.0 if town.scenario.storm is None else float(town.severity(t)[0])


def eased(t: float, period_s: float, *parts: object) -> float:
    """Slow noise in [-1, 1] at one instant: a draw every period, straight lines between."""
    node, share = divmod(t / period_s, 1)
    left, right = chance(*parts, int(node)), chance(*parts, int(node) + 1)
    return 2 * (left * (1 - share) + right * share) - 1


def is_cut(town: Town, feeder: str, t: float) -> bool:
    """Whether the feeder has no power: rarely for some hours, many of them in the storm."""
    block = int(t // (4 * 3600.0))
    calm = chance(town.seed, "feeder cut", feeder, block)
    weak = chance(town.seed, "feeder weak", feeder)
    return calm < 0.004 or weak < 0.6 * max(0.0, storm(town, t) - 0.35)


def is_dead(town: Town, cabinet: Cabinet, t: float) -> bool:
    """Nothing is heard of it: its feeder is cut, or its modem is broken."""
    broken = chance(town.seed, "cabinet dead", cabinet.id, int(t // (2 * DAY_S)))
    return broken < 0.012 or is_cut(town, cabinet.feeder, t)


def state(town: Town, cabinet: Cabinet, t: float) -> str:
    """``on`` while lamps should burn, ``off`` by day, ``fault`` when a phase or the contactor fails."""
    if chance(town.seed, "cabinet fault", cabinet.id, int(t // DAY_S)) < 0.02:
        return "fault"
    local = (t + LOCAL_OFFSET_S) % DAY_S
    return "on" if local >= LIT_FROM or local < LIT_UNTIL else "off"


def power_kw(town: Town, cabinet: Cabinet, t: float) -> float:
    local = (t + LOCAL_OFFSET_S) % DAY_S
    share = {"off": 0.0, "fault": 0.66}.get(state(town, cabinet, t), 1.0)
    if share and (local >= SAVING_FROM or local < LIT_UNTIL):
        share *= 0.55
    night = local >= LIT_FROM or local < LIT_UNTIL
    return round(cabinet.rated_kw * share * (1 - lamps_out(town, cabinet, t) / cabinet.lamps), 2) if night else 0.05


def lamps_out(town: Town, cabinet: Cabinet, t: float) -> int:
    """Lamps that do not burn: a few, mended every fortnight."""
    drawn = chance(town.seed, "lamps", cabinet.id, int(t // (14 * DAY_S)))
    extra = 6 * max(0.0, storm(town, t) - 0.3)
    return min(cabinet.lamps, int(drawn**3 * 5 + extra * drawn))


def energy_kwh(cabinet: Cabinet, t: float) -> float:
    """The meter: 7.4 hours of full load a day since the beginning of 2026, spread over the night."""
    days = (t - 1767225600.0 + LOCAL_OFFSET_S) / DAY_S
    local = (t + LOCAL_OFFSET_S) % DAY_S
    burnt = min(local, LIT_UNTIL) + max(0.0, local - LIT_FROM)
    night = burnt / (LIT_UNTIL + DAY_S - LIT_FROM)
    return round(cabinet.rated_kw * 7.4 * (int(days) + night), 1)


def phases_v(town: Town, cabinet: Cabinet, t: float) -> list[float]:
    """Volts of the three phases; one of them is gone while the cabinet is at fault."""
    volts = []
    for phase in range(3):
        wave = eased(t, 3600.0, town.seed, "volt", cabinet.feeder, phase)
        gone = state(town, cabinet, t) == "fault" and phase == key(cabinet.id) % 3
        volts.append(0.0 if gone else round(224 + 7 * wave, 1))
    return volts
