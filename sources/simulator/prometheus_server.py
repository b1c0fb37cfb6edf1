"""A Prometheus of the city: the few queries that its bindings ask, its alerts and targets; an Alertmanager's API; the
``/metrics`` of the security desk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np

from sources.simulator import site_alerts
from sources.simulator.agency_sites import Watch
from sources.simulator.clock import DAY_S, local_day
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler
from sources.simulator.noise import Floats, key, uniform

UPTIME = "avg_over_time(probe_success[1d]) * 100"
SCRAPE_S = 15.0
MOST_POINTS = 11_000
_STAMPED = re.compile(r"timestamp\((.+)\)")

Values = Callable[[Watch, float], Floats]


def _success(watch: Watch, t: float) -> Floats:
    found = np.ones(len(watch.sites))
    found[[n for n in watch.down(t) if n >= 0]] = 0
    return found


def _duration(watch: Watch, t: float) -> Floats:
    return np.asarray(np.where(_success(watch, t) > 0, watch.latency_ms(t) / 1000, 10.0))


def _status(watch: Watch, t: float) -> Floats:
    return np.asarray(_success(watch, t) * 200)


def _certificate(watch: Watch, t: float) -> Floats:
    return np.array([watch.certificate_end(n, t) for n in range(len(watch.sites))])


QUERIES: Mapping[str, Values] = {
    "probe_success": _success,
    "probe_duration_seconds": _duration,
    "probe_http_status_code": _status,
    "probe_ssl_earliest_cert_expiry": _certificate,
    UPTIME: lambda watch, t: watch.uptime(t),
}


@dataclass
class Desk:
    """What the handlers of one source share. ``now`` is the city's clock."""

    source: str
    watch: Watch
    faults: Faults
    clock: Callable[[], float]

    def now(self) -> float:
        """The instant that the source speaks of: it stands still while the feed is late."""
        return self.faults.held_at(self.source, self.clock())

    def told(self, t: float) -> float:
        """An instant by the source's own clock."""
        return t + self.faults.skew_s(self.source)

    @property
    def copies(self) -> int:
        return 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1


def vector(watch: Watch, query: str, t: float, told: float, only: list[int] | None = None) -> list[dict[str, Any]]:
    """The sample of every agency's site at ``t``, stamped ``told``. Raises KeyError for a query we cannot answer."""
    stamped = _STAMPED.fullmatch(query)
    values = QUERIES[stamped[1] if stamped else query](watch, t)
    if stamped:
        values = np.full(len(values), told // SCRAPE_S * SCRAPE_S)
    name = {} if "(" in query else {"__name__": query}
    return [
        {
            "metric": {
                **name,
                "job": "trang_co_quan",
                "site": watch.sites[n].id,
                "agency": watch.sites[n].agency or "",
            },
            "value": [round(told, 3), f"{values[n]:.10g}"],
        }
        for n in (watch.of("agency") if only is None else only)
    ]


class DeskHandler(FaultyHandler):
    """A handler with the desk of its source."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.desk: Desk = own["desk"]


class PrometheusHandler(DeskHandler):
    """``/api/v1/…``."""

    async def get(self, path: str) -> None:
        desk = self.desk
        t = desk.now()
        query = " ".join(self.get_query_argument("query", "").split())
        try:
            if path == "query":
                result = vector(desk.watch, query, t, desk.told(t)) * desk.copies
                await self._success({"resultType": "vector", "result": result})
            elif path == "query_range":
                await self._success({"resultType": "matrix", "result": self._matrix(query, t)})
            elif path == "alerts":
                await self._success({"alerts": _alerts(desk, t)})
            elif path == "targets":
                await self._success({"activeTargets": [], "droppedTargets": []})
            else:
                await self.send("404 page not found", "text/plain", HTTPStatus.NOT_FOUND)
        except (KeyError, ValueError):
            error = {"status": "error", "errorType": "bad_data", "error": f'invalid parameter "query": {query!r}'}
            await self.send(json.dumps(error), "application/json", HTTPStatus.BAD_REQUEST)

    async def _success(self, data: Mapping[str, Any]) -> None:
        await self.send(json.dumps({"status": "success", "data": data}, ensure_ascii=False), "application/json")

    def _matrix(self, query: str, now: float) -> list[dict[str, Any]]:
        start, end, step = (float(self.get_query_argument(name)) for name in ("start", "end", "step"))
        if step <= 0 or not 0 <= (end - start) / step <= MOST_POINTS:
            raise ValueError("exceeded maximum resolution")
        series: dict[str, dict[str, Any]] = {}
        at = start
        while at <= min(end, now):
            for item in vector(self.desk.watch, query, at, at):
                found = series.setdefault(item["metric"]["site"], {"metric": item["metric"], "values": []})
                found["values"].append(item["value"])
            at += step
        return list(series.values())


def _alerts(desk: Desk, t: float) -> list[dict[str, Any]]:
    return [
        {
            "activeAt": site_alerts.stamp(desk.told(alert.begin)),
            "annotations": {"summary": alert.summary},
            "labels": dict(alert.labels),
            "state": "firing",
            "value": "1e+00",
        }
        for alert in site_alerts.active(desk.watch, t)
    ]


class AlertmanagerHandler(DeskHandler):
    """``/api/v2/alerts``."""

    async def get(self) -> None:
        t = self.desk.now()
        found = [alert.told(t, pulled=True) for alert in site_alerts.active(self.desk.watch, t)] * self.desk.copies
        await self.send(json.dumps(found, ensure_ascii=False), "application/json")


def metrics(watch: Watch, t: float) -> str:
    """What the security desk counts of each agency, as an exporter writes it."""
    seed, day = watch.town.seed, local_day(t)
    lines = []
    for name, words, most, what in (
        ("soc_botnet_addresses", "Addresses of the agency seen in botnets", 6.0, "botnet"),
        ("soc_missing_patches", "Patches that are out and not put in", 60.0, "patches"),
    ):
        lines += [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
        for n in watch.of("agency"):
            usual = float(uniform(seed, key(what) % 2**31, n)[0]) ** 3
            today = float(uniform(seed, key(what, "today") % 2**31, n, day)[0])
            site = watch.sites[n]
            count = round(most * usual * (0.6 + 0.8 * today))
            lines.append(f'{name}{{site="{site.id}",agency="{site.agency}"}} {count}')
    lines += ["# TYPE soc_scan_seconds histogram", 'soc_scan_seconds_bucket{le="60"} 41']
    lines += ['soc_scan_seconds_bucket{le="+Inf"} 85', "soc_scan_seconds_sum 5120.5", "soc_scan_seconds_count 85"]
    return "\n".join([*lines, f"process_start_time_seconds {t // DAY_S * DAY_S:.0f}", ""])


class MetricsHandler(DeskHandler):
    """``/metrics``."""

    async def get(self) -> None:
        await self.send(metrics(self.desk.watch, self.desk.now()) * self.desk.copies, "text/plain; version=0.0.4")
