"""Flood alarm levels (báo động) of a river station and what they mean on the one ramp.

Decision 05/2020/QĐ-TTg gives three levels a station; the values stand with their sources in
``geodata/data/stations/hydrology.toml``. BĐ1 → 1, BĐ2 → 2, BĐ3 → 3 and BĐ3 + 1,0 m → 4 is this program's own rule and
is shown as such; the official risk level is printed from the bulletin and wins when it is higher.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geodata import stations
from geodata.records import Quality

PROPERTY = "water_level"
ABOVE_BD3_M = 1.0
TOUCH_M = 1e-6
"""Levels are read in centimetres: a sum of binary fractions that falls short by less than this has touched."""

STEADY_M_PER_H = 0.02
"""Slower than this is drawn as steady: within the reading of a staff gauge over the three hours looked at."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """``name`` is the level that is reached ("bd1"…), ``over_m`` how far above it; ``next_m`` up to the next one."""

    level: int
    name: str | None
    over_m: float | None
    next_name: str | None
    next_m: float | None


def alarm(value_m: float, levels: Mapping[str, float] | Mapping[stations.Alarm, float]) -> Alarm:
    """Which alarm a water level has reached, in metres above the station's own zero. Unknown levels stay unknown."""
    rising = sorted(((str(name), at) for name, at in levels.items()), key=lambda item: item[1])
    reached = [(name, at) for name, at in rising if value_m >= at - TOUCH_M]
    ahead = rising[len(reached) :]
    name, at = reached[-1] if reached else (None, math.nan)
    number = int(name.removeprefix("bd")) if name else 0
    if name == "bd3" and value_m >= at + ABOVE_BD3_M - TOUCH_M:
        number = 4
    return Alarm(
        level=number,
        name=name,
        over_m=max(0.0, value_m - at) if name else None,
        next_name=ahead[0][0] if ahead else None,
        next_m=ahead[0][1] - value_m if ahead else None,
    )


def trend(rate_m_per_h: float | None) -> int | None:
    """-1 falling, 0 steady, 1 rising; None when the rate is not known."""
    if rate_m_per_h is None or math.isnan(rate_m_per_h):
        return None
    return 0 if abs(rate_m_per_h) < STEADY_M_PER_H else int(math.copysign(1, rate_m_per_h))


def alarms_of(properties: Mapping[str, Any], name: str | None = None, *, confirmed: bool = False) -> dict[str, float]:
    """BĐ1–3 in metres: of the station list when the feed names the station, else what the feed sends.

    ``confirmed``: only the levels that may raise an alarm on their own.
    """
    known = stations.find(str(properties.get("station") or "")) or (stations.find(name) if name else None)
    if known is not None and known.alarms:
        return {str(at): value for at, value in known.alarms.items() if not confirmed or known.confirmed(at)}
    return {at: float(properties[at]) for at in ("bd1", "bd2", "bd3") if properties.get(at) is not None}


def rates_of(recent: pd.DataFrame) -> dict[str, float]:
    """Metres an hour by station: the slope over the last three hours, from results of devices that measure."""
    if recent.empty:
        return {}
    good = recent[(recent["observed_property"] == PROPERTY) & (recent["quality"] == Quality.MEASURING)]
    out = {}
    for station, rows in good.groupby("id"):
        hours = (rows["time"] - rows["time"].min()).dt.total_seconds().to_numpy() / 3600
        if len(rows) >= 3 and hours.max() >= 0.5:
            out[str(station)] = float(np.polyfit(hours, rows["result"].astype(float).to_numpy(), 1)[0])
    return out
