"""Limits of ambient air, QCVN 05:2023/BTNMT (Circular 01/2023/TT-BTNMT, in force 12/09/2023), µg/Nm³.

A limit holds for a mean over its own hours. PM2.5 fell from 50 to 45 on 01/01/2026. The regulation names no colour and
no level, so neither do we. Source: hand-checked transcription of the circular, see the catalogue's ``air_quality``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

NAME = "QCVN 05:2023"
HANOI = timezone(timedelta(hours=7))
IN_FORCE = date(2023, 9, 12)


@dataclass(frozen=True, slots=True)
class AirLimit:
    """``value`` µg/Nm³ for a mean over ``hours``, in force from that day on."""

    value: float
    hours: int
    since: date = IN_FORCE


LIMITS: dict[str, tuple[AirLimit, ...]] = {
    "so2": (AirLimit(350, 1), AirLimit(125, 24)),
    "co": (AirLimit(30_000, 1), AirLimit(10_000, 8)),
    "no2": (AirLimit(200, 1), AirLimit(100, 24)),
    "o3": (AirLimit(200, 1), AirLimit(120, 8)),
    "pm10": (AirLimit(100, 24),),
    "pm25": (AirLimit(50, 24), AirLimit(45, 24, date(2026, 1, 1))),
}


def limits(pollutant: str, at: datetime) -> list[AirLimit]:
    """The limits in force at that moment, the shortest mean first; none for what the regulation does not name."""
    day = at.astimezone(UTC).astimezone(HANOI).date()
    newest = {limit.hours: limit for limit in LIMITS.get(pollutant, ()) if limit.since <= day}
    return [newest[hours] for hours in sorted(newest)]
