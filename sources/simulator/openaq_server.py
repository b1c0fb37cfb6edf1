"""A small OpenAQ v3: one reference station that measures every hour; locations, latest, measurements by pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from sources.simulator.clock import DAY_S, LOCAL, iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler
from sources.simulator.profile import AirStation
from sources.simulator.series import AIR, HOUR_S, air_state
from sources.simulator.spell import Spell

DELAY_S = 600.0
HORIZON_S = 60 * DAY_S
LOCATION = 9_000_001
MEASURED = {"pm25": 2, "pm10": 1, "o3": 3, "no2": 5}
"""Names and ids of OpenAQ's parameters."""

Body = dict[str, Any]


def instant(t: float) -> Body:
    local = datetime.fromtimestamp(t, LOCAL).isoformat(timespec="seconds")
    return {"utc": iso(t), "local": local}


@dataclass(frozen=True, slots=True)
class Reference:
    """The station and what it measured: a mean of each hour, out ten minutes after it."""

    source: str
    station: AirStation
    seed: int
    spell: Spell | None
    faults: Faults
    clock: Callable[[], float]

    @property
    def skew_s(self) -> float:
        return self.faults.skew_s(self.source)

    def last(self) -> float:
        """The end of the last hour that is out, epoch s of the city's clock."""
        now = self.faults.held_at(self.source, self.clock())
        return float(np.floor((now - DELAY_S) / HOUR_S) * HOUR_S)

    def location(self) -> Body:
        station = self.station
        return {
            "id": LOCATION,
            "name": f"{station.name} (mô phỏng)",
            "locality": None,
            "timezone": "Asia/Ho_Chi_Minh",
            "country": {"id": 56, "code": "VN", "name": "Viet Nam"},
            "owner": {"id": 1, "name": "Vọng Lâu"},
            "provider": {"id": 1, "name": "Vọng Lâu (mô phỏng)"},
            "isMobile": False,
            "isMonitor": True,
            "instruments": [{"id": 2, "name": "Government Monitor"}],
            "sensors": [
                {"id": sensor, "name": f"{name} µg/m³", "parameter": parameter(name)} for name, sensor in SENSORS
            ],
            "coordinates": {"latitude": station.lat, "longitude": station.lon},
            "licenses": [{"id": 1, "name": "CC0 1.0", "attribution": {"name": "Vọng Lâu", "url": None}}],
            "bounds": [station.lon, station.lat, station.lon, station.lat],
            "distance": None,
            "datetimeFirst": instant(self.last() - HORIZON_S),
            "datetimeLast": instant(self.last() + self.skew_s),
        }

    def latest(self) -> list[Body]:
        end = self.last()
        return [
            {
                "datetime": instant(end + self.skew_s),
                "value": row["value"],
                "coordinates": {"latitude": self.station.lat, "longitude": self.station.lon},
                "sensorsId": sensor,
                "locationsId": LOCATION,
            }
            for name, sensor in SENSORS
            for row in self.measurements(name, end, end)
        ]

    def measurements(self, name: str, start: float, end: float) -> list[Body]:
        """The hours that end from ``start`` to ``end``, both included."""
        first = int(np.ceil(max(start, self.last() - HORIZON_S) / HOUR_S))
        ends = np.arange(first, int(min(end, self.last()) // HOUR_S) + 1, dtype=np.float64) * HOUR_S
        if not len(ends):
            return []
        _, series = AIR[name]
        values = series(self.seed, self.station, ends, self.spell).tolist()
        states = air_state(self.seed, self.station.code, name, ends)
        return [
            {
                "value": round(value, 1),
                "flagInfo": {"hasFlags": state != "00"},
                "parameter": parameter(name),
                "period": {
                    "label": "raw",
                    "interval": "01:00:00",
                    "datetimeFrom": instant(t - HOUR_S + self.skew_s),
                    "datetimeTo": instant(t + self.skew_s),
                },
                "coordinates": None,
                "summary": None,
            }
            for value, state, t in zip(values, states, ends.tolist(), strict=True)
        ]


SENSORS = tuple((name, 9_100_000 + number) for name, number in MEASURED.items())


def parameter(name: str) -> Body:
    return {"id": MEASURED[name], "name": name, "units": "µg/m³", "displayName": AIR[name][0].name}


def reply(results: list[Body], page: int = 1, limit: int = 100) -> Body:
    return {
        "meta": {"name": "openaq-api", "website": "/", "page": page, "limit": limit, "found": len(results)},
        "results": results[(page - 1) * limit : page * limit],
    }


class OpenAQHandler(FaultyHandler):
    """Every path under ``/v3``."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.reference: Reference = own["reference"]

    async def get(self, path: str) -> None:
        try:
            status, body = 200, self.answer(path, {k: self.get_query_argument(k) for k in self.request.query_arguments})
        except ValueError as error:
            status, body = 422, {"detail": str(error)}
        except LookupError:
            status, body = 404, {"detail": "Not found"}
        self.set_header("x-ratelimit-limit", "60")
        self.set_header("x-ratelimit-remaining", "59")
        self.set_header("x-ratelimit-reset", "60")
        await self.send(json.dumps(body, ensure_ascii=False), "application/json", status)

    def answer(self, path: str, params: Mapping[str, str]) -> Body:
        """Raises LookupError for another path, ValueError for a wrong parameter."""
        reference = self.reference
        page, limit = int(params.get("page", 1)), int(params.get("limit", 100))
        if not (page >= 1 and 1 <= limit <= 1000):
            raise ValueError("page and limit")
        if path in {"locations", f"locations/{LOCATION}"}:
            return reply([reference.location()], page, limit)
        if path == f"locations/{LOCATION}/latest":
            return reply(reference.latest(), page, limit)
        for name, sensor in SENSORS:
            if path == f"sensors/{sensor}/measurements":
                rows = reference.measurements(name, *self._span(params))
                copies = 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1
                return reply([row for row in rows for _ in range(copies)], page, limit)
        raise LookupError(path)

    def _span(self, params: Mapping[str, str]) -> tuple[float, float]:
        start, end = (
            datetime.fromisoformat(params[key]).timestamp() - self.reference.skew_s if key in params else other
            for key, other in (("datetime_from", 0.0), ("datetime_to", float("inf")))
        )
        return start, end
