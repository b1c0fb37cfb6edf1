"""Two status pages of the city: an Uptime Kuma (public page and ``/metrics``) and a Gatus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sources.simulator.agency_sites import Outage, Watch
from sources.simulator.clock import local_day, local_midnight
from sources.simulator.prometheus_server import Desk, DeskHandler
from sources.simulator.site_alerts import stamp

BEAT_S = 60.0
BEATS = 100
SLUG = "tinh-trang"
EVENTS_D = 3.0
SERVICE_HOURS = (1.0, 2.0)
"""The first system of the page is in maintenance on Sundays from 1 to 2 o'clock."""


def monitor(number: int) -> int:
    """A monitor's number in Kuma."""
    return number + 1


def kuma_state(number: int, first: bool, t: float, outages: list[Outage]) -> int:
    """1 up, 0 down, 3 maintenance."""
    day = local_day(t)
    hour = (t - local_midnight(day)) / 3600
    if first and (day + 4) % 7 == 0 and SERVICE_HOURS[0] <= hour < SERVICE_HOURS[1]:  # 1970-01-01 was a Thursday
        return 3
    return 0 if any(o.site == number and o.begin <= t < o.end for o in outages) else 1


def beats(t: float, count: int) -> Iterator[float]:
    """The instants of the last beats, oldest first."""
    last = t // BEAT_S * BEAT_S
    return (last - n * BEAT_S for n in range(count - 1, -1, -1))


def kuma_page(desk: Desk) -> dict[str, Any]:
    watch = desk.watch
    monitors = [{"id": monitor(n), "name": watch.sites[n].name, "sendUrl": 0, "type": "http"} for n in watch.of("kuma")]
    config = {"slug": SLUG, "title": f"Tình trạng hệ thống {watch.town.city.title_vi}", "published": True}
    groups = [{"id": 1, "name": "Hệ thống dùng chung", "weight": 1, "monitorList": monitors}]
    return {"config": config, "incident": None, "publicGroupList": groups, "maintenanceList": []}


def kuma_beats(desk: Desk, t: float) -> dict[str, Any]:
    watch = desk.watch
    outages = watch.between(t - BEATS * BEAT_S, t)
    uptime = watch.uptime(t)
    lists: dict[str, list[dict[str, Any]]] = {}
    pings = {at: watch.latency_ms(at) for at in beats(t, BEATS)}
    for place, n in enumerate(watch.of("kuma")):
        rows = []
        for at, latency in pings.items():
            state = kuma_state(n, place == 0, at, outages)
            time = datetime.fromtimestamp(desk.told(at) - n % 10 / 10, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            ping = round(float(latency[n])) if state == 1 else None
            rows += [{"status": state, "time": time, "msg": "", "ping": ping}] * desk.copies
        lists[str(monitor(n))] = rows
    ratios = {f"{monitor(n)}_24": round(float(uptime[n]) / 100, 4) for n in watch.of("kuma")}
    return {"heartbeatList": lists, "uptimeList": ratios}


def kuma_metrics(desk: Desk, t: float) -> str:
    watch = desk.watch
    outages, latency = watch.between(t - 1, t), watch.latency_ms(t)
    lines = ["# TYPE monitor_status gauge", "# TYPE monitor_response_time gauge"]
    for place, n in enumerate(watch.of("kuma")):
        labels = f'monitor_id="{monitor(n)}",monitor_name="{watch.sites[n].name}",monitor_type="http"'
        state = kuma_state(n, place == 0, t, outages)
        lines.append(f"monitor_status{{{labels}}} {state}")
        lines.append(f"monitor_response_time{{{labels}}} {round(float(latency[n])) if state == 1 else -1}")
        days = (watch.certificate_end(n, t) - t) / 86400
        lines.append(f"monitor_cert_days_remaining{{{labels}}} {days:.0f}")
    return "\n".join([*lines, ""])


class KumaHandler(DeskHandler):
    """``/metrics`` and ``/api/status-page/…``."""

    async def get(self, path: str) -> None:
        t = self.desk.now()
        if path == "metrics":
            await self.send(kuma_metrics(self.desk, t) * self.desk.copies, "text/plain; version=0.0.4")
            return
        pages: Mapping[str, Any] = {
            f"api/status-page/{SLUG}": lambda: kuma_page(self.desk),
            f"api/status-page/heartbeat/{SLUG}": lambda: kuma_beats(self.desk, t),
        }
        if path not in pages:
            await self.send('{"msg":"Status Page Not Found"}', "application/json", HTTPStatus.NOT_FOUND)
            return
        await self.send(json.dumps(pages[path](), ensure_ascii=False), "application/json")


def gatus_key(number: int, watch: Watch) -> str:
    """Group and name of an endpoint, as Gatus joins them."""
    return f"lien-thong_{watch.sites[number].id.replace('_', '-')}"


def gatus(desk: Desk, t: float, page: int, size: int) -> list[dict[str, Any]]:
    """Every endpoint with one page of its results, newest page first, newest result last."""
    watch = desk.watch
    outages = watch.between(t - EVENTS_D * 86400, t)
    times = list(beats(t, BEATS))
    end = max(len(times) - (page - 1) * size, 0)
    chosen = times[max(end - size, 0) : end]
    latency = {at: watch.latency_ms(at) for at in chosen}
    found = []
    for n in watch.of("gatus"):
        site = watch.sites[n]
        own = [o for o in outages if o.site == n]
        results = [_result(desk, n, at, float(latency[at][n]), own) for at in chosen]
        events = [entry for o in own for entry in _events(desk, o, t)]
        found.append(
            {
                "name": site.name,
                "group": "Liên thông",
                "key": gatus_key(n, watch),
                "results": [result for result in results for _ in range(desk.copies)],
                "events": events,
            }
        )
    return found


def _result(desk: Desk, number: int, at: float, ms: float, outages: list[Outage]) -> dict[str, Any]:
    fine = not any(o.begin <= at < o.end for o in outages)
    told = {"status": 200} if fine else {"errors": ["context deadline exceeded"]}
    condition = "[STATUS] == 200" if fine else "[STATUS] (0) == 200"
    return {
        **told,
        "hostname": f"{desk.watch.sites[number].id}.example",
        "duration": int((ms if fine else 10_000) * 1e6),
        "conditionResults": [{"condition": condition, "success": fine}],
        "success": fine,
        "timestamp": stamp(desk.told(at)),
    }


def _events(desk: Desk, outage: Outage, t: float) -> Iterator[dict[str, str]]:
    yield {"type": "UNHEALTHY", "timestamp": stamp(desk.told(outage.begin))}
    if outage.end <= t:
        yield {"type": "HEALTHY", "timestamp": stamp(desk.told(outage.end))}


class GatusHandler(DeskHandler):
    """``/api/v1/endpoints/statuses``."""

    async def get(self) -> None:
        try:
            page, size = (
                int(self.get_query_argument(name, usual)) for name, usual in (("page", "1"), ("pageSize", "50"))
            )
        except ValueError:
            page, size = 1, 50
        found = gatus(self.desk, self.desk.now(), max(page, 1), min(max(size, 1), 100))
        await self.send(json.dumps(found, ensure_ascii=False), "application/json")
