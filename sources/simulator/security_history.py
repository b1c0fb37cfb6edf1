"""What the last days of the sites look like as recordings: a look every few hours, and one at each change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sources.simulator import site_alerts
from sources.simulator.agency_sites import Watch
from sources.simulator.alert_push import messages
from sources.simulator.clock import DAY_S
from sources.simulator.prometheus_server import UPTIME, metrics, vector

LOOK_S = 3 * 3600.0
SLOW_S = DAY_S
PROBE_S = 6 * 3600.0

Lines = Iterator[tuple[float, str]]


def steps(start: float, end: float, every_s: float) -> Iterator[float]:
    """Whole multiples of ``every_s`` in ``start < t <= end``, whoever asks."""
    t = (start // every_s + 1) * every_s
    while t <= end:
        yield t
        t += every_s


def samples(watch: Watch, start: float, end: float) -> Lines:
    """States every three hours, times every six, uptime and certificates once a day, and each site at its changes."""
    due: list[tuple[float, str, list[int] | None]] = []
    due += [(t, "probe_success", None) for t in steps(start, end, LOOK_S)]
    due += [(t, "probe_duration_seconds", None) for t in steps(start, end, 2 * LOOK_S)]
    for t in steps(start, end, SLOW_S):
        due += [(t, UPTIME, None), (t, "probe_ssl_earliest_cert_expiry", None)]
    agencies = set(watch.of("agency"))
    for outage in watch.between(start, end):
        for t in (outage.begin, outage.end):
            if outage.site in agencies and start < t <= end:
                due.append((t, "probe_success", [outage.site]))
    for t, query, only in sorted(due, key=lambda look: (look[0], look[1], look[2] or [])):
        data = {"resultType": "vector", "result": vector(watch, query, t, t, only)}
        yield t, json.dumps({"status": "success", "query": query, "data": data}, ensure_ascii=False)


def alerts(watch: Watch, start: float, end: float) -> Lines:
    """The webhook's messages: one when an alert begins, one when it ends."""
    found = site_alerts.between(watch, start, end)
    moments = [(max(a.begin, start), a) for a in found] + [(a.end, a) for a in found if a.end <= end]
    for t, alert in sorted(moments, key=lambda moment: (moment[0], moment[1].key)):
        for message in messages([alert], t):
            yield t, json.dumps(message, ensure_ascii=False)


def scans(watch: Watch, start: float, end: float) -> Lines:
    """The security desk's counts once a day."""
    for t in steps(start, end, SLOW_S):
        yield t, metrics(watch, t)


def probes(watch: Watch, start: float, end: float) -> Lines:
    """Reports of the probe."""
    for t in steps(start, end, PROBE_S):
        down, latency = watch.down(t), watch.latency_ms(t)
        results: list[dict[str, Any]] = []
        for n in watch.of("probe"):
            site, up = watch.sites[n], n not in down
            told: dict[str, Any] = {"site": site.id, "name": site.name, "agency": site.agency, "up": up}
            told |= {"lon": site.place[0], "lat": site.place[1], "answered": up}
            told["time"] = datetime.fromtimestamp(t, UTC).isoformat()
            if up:
                told |= {"status": 200, "ms": round(float(latency[n]), 1), "content": "as_expected"}
            results.append(told)
        yield t, json.dumps({"probe": 1, "results": results}, ensure_ascii=False)
