"""VN_AQI, the air quality index of Decision 1459/QĐ-TCMT (12/11/2019). Concentrations in µg/m³.

No rounding rule fits every worked example of the Decision (NO2 118,7 gives 59,35 and it prints 60): sub-indices are
rounded half-up here, and the test says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

VERSION = "1459/QĐ-TCMT 2019"

INDEX = (0, 50, 100, 150, 200, 300, 400, 500)

BREAKPOINTS: Mapping[str, Sequence[float | None]] = {
    "o3_1h": (0, 160, 200, 300, 400, 800, 1000, 1200),
    "o3_8h": (0, 100, 120, 170, 210, 400, None, None),
    "co_1h": (0, 10_000, 30_000, 45_000, 60_000, 90_000, 120_000, 150_000),
    "so2_1h": (0, 125, 350, 550, 800, 1_600, 2_100, 2_630),
    "no2_1h": (0, 100, 200, 700, 1_200, 2_350, 3_100, 3_850),
    "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm25": (0, 25, 50, 80, 150, 250, 350, 500),
}
"""Table 2 of the Decision; contiguous, without the gaps of other countries' tables."""

HOURLY: Mapping[str, str] = {"o3": "o3_1h", "co": "co_1h", "so2": "so2_1h", "no2": "no2_1h"}
PARTICLES = ("pm25", "pm10")
O3_8H_LIMIT = 400.0
NOWCAST_HOURS = 12


@dataclass(frozen=True, slots=True)
class Index:
    """A station's index: the highest sub-index, and which pollutant leads."""

    value: int
    leading: str
    parts: Mapping[str, int]


def band(value: float) -> int:
    """0 Tốt, 1 Trung bình, 2 Kém, 3 Xấu, 4 Rất xấu, 5 Nguy hại."""
    return next((i for i, top in enumerate((50, 100, 150, 200, 300)) if value <= top), 5)


def level(value: float) -> int:
    """Of the one ramp: nothing up to 100, then 1 Kém, 2 Xấu, 3 Rất xấu, 4 Nguy hại. This program's own rule."""
    return max(0, band(value) - 1)


def half_up(value: float) -> int:
    """To the nearest integer, halves upwards; what binary fractions lack of a half (109.49999999999999) is none."""
    return math.floor(round(value, 9) + 0.5)


def sub_index(column: str, concentration: float) -> float:
    """Linear between the breakpoints of a column; 500 and above stay 500. NaN for a missing concentration.

    Raises KeyError for an unknown column.
    """
    points = [(c, i) for c, i in zip(BREAKPOINTS[column], INDEX, strict=True) if c is not None]
    if math.isnan(concentration) or concentration < 0:
        return math.nan
    for (low, i_low), (high, i_high) in pairwise(points):
        if concentration <= high:
            return i_low + (i_high - i_low) * (concentration - low) / (high - low)
    return float(points[-1][1])


def nowcast(hours: Sequence[float]) -> float:
    """Of the last twelve hourly means, newest first, NaN where missing: NaN unless two of the newest three are there.

    w* = Cmin / Cmax, never under ½; the weighted mean is normalised over the hours that are present.
    """
    values = list(hours[:NOWCAST_HOURS])
    if sum(not math.isnan(c) for c in values[:3]) < 2:
        return math.nan
    present = [c for c in values if not math.isnan(c)]
    highest = max(present)
    weight = max(0.5, min(present) / highest) if highest > 0 else 1.0
    pairs = [(weight**i, c) for i, c in enumerate(values) if not math.isnan(c)]
    return sum(w * c for w, c in pairs) / sum(w for w, _ in pairs)


def of(parts: Mapping[str, float]) -> Index | None:
    """The index of sub-indices by pollutant; None without a particle (the Decision demands PM10 or PM2.5)."""
    known = {name: half_up(value) for name, value in parts.items() if not math.isnan(value)}
    if not any(name in known for name in PARTICLES):
        return None
    leading = max(known, key=lambda name: known[name])
    return Index(known[leading], leading, known)


def hourly(series: Mapping[str, Sequence[float]]) -> Index | None:
    """VN_AQI of the hour. ``series``: pollutant (pm25, pm10, o3, co, so2, no2) to hourly means, newest first."""
    parts = {name: sub_index(name, nowcast(series[name])) for name in PARTICLES if name in series}
    parts |= {name: sub_index(column, series[name][0]) for name, column in HOURLY.items() if series.get(name)}
    return of(parts)


def daily(means: Mapping[str, float]) -> Index | None:
    """VN_AQI of the day from pm25, pm10 (24 h means), o3_1h, o3_8h, co_1h, so2_1h, no2_1h (maxima)."""
    parts = {name: sub_index(name, means[name]) for name in PARTICLES if name in means}
    parts |= {
        name: sub_index(f"{name}_1h", means[f"{name}_1h"]) for name in ("co", "so2", "no2") if f"{name}_1h" in means
    }
    ozone = [sub_index("o3_1h", means["o3_1h"])] if "o3_1h" in means else []
    if "o3_8h" in means and means["o3_8h"] <= O3_8H_LIMIT:
        ozone.append(sub_index("o3_8h", means["o3_8h"]))
    known = [value for value in ozone if not math.isnan(value)]
    return of(parts | ({"o3": max(known)} if known else {}))
