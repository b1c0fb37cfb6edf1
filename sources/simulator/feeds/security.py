"""Information security of the city: sites of agencies in Prometheus, Alertmanager, two status pages, our own probe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.agency_sites import Watch
from sources.simulator.alert_push import Pusher
from sources.simulator.clock import local_day
from sources.simulator.feed import Feed, Files, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.noise import dice
from sources.simulator.prometheus_server import AlertmanagerHandler, Desk, MetricsHandler, PrometheusHandler
from sources.simulator.security_bindings import (
    ALERTS,
    DEFACED,
    EXPECTED,
    GATUS,
    KUMA,
    PROBE,
    SERVICE,
    SITES,
    SOC,
    alertmanager,
    domain,
    gatus,
    kuma,
    probe,
    probed,
    prometheus,
    soc,
    watch,
)
from sources.simulator.security_history import alerts, probes, samples, scans
from sources.simulator.site_targets import Authority, Leaf, NameServer, WebSite
from sources.simulator.status_pages import GatusHandler, KumaHandler
from sources.simulator.town import Town

DNS_NET = "203.0.113"
"""Addresses for documentation (RFC 5737)."""


def sources(town: Town) -> list[SourceBinding]:
    if not town.runs(SERVICE):
        return []
    return [make(town) for make in (prometheus, alertmanager, soc, kuma, gatus, probe)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not town.runs(SERVICE):
        return []
    cast = town.part(watch)

    async def served(source: str, route: str, handler: Any) -> int:
        own = {"source": source, "faults": host.faults, "desk": Desk(source, cast, host.faults, host.now)}
        return await host.http(source, [(route, handler, own)])

    found = [prometheus(town, await served(SITES, r"/api/v1/(\w+)", PrometheusHandler))]
    intake = host.intake.token_env if host.intake else None
    found.append(alertmanager(town, await served(ALERTS, r"/api/v2/alerts", AlertmanagerHandler), intake))
    if host.intake:
        host.spawn(Pusher(Desk(ALERTS, cast, host.faults, host.now), host.intake).run())
    found.append(soc(town, await served(SOC, r"/metrics", MetricsHandler)))
    found.append(kuma(town, await served(KUMA, r"/(metrics|api/.*)", KumaHandler)))
    found.append(gatus(town, await served(GATUS, r"/api/v1/endpoints/statuses", GatusHandler)))
    found.append(await _probe_targets(town, host))
    return found


async def _probe_targets(town: Town, host: Host) -> SourceBinding:
    """The real sites and the name server, and the binding to probe them by."""
    cast = town.part(watch)
    now = datetime.now(UTC)  # TLS knows no clock but the machine's
    numbers = cast.of("probe")
    authority = Authority(host.folder / "certificates", now)
    listed = []
    for place, n in enumerate(numbers):
        site = cast.sites[n]
        leaf = _leaf(place, domain(site), now)
        context = authority.context(leaf) if leaf else None
        server = WebSite(PROBE, host.faults, lambda n=n: _page(cast, n, host.now()), context, host.port())  # type: ignore[misc]  # a default binds n
        await server.open()
        host.spawn(server.run())
        host.on_close(server.close)
        checked = [{"name": domain(site), "type": "A", "expect": [f"{DNS_NET}.{n}"]}]
        listed.append({**probed(site, server.port, tls=leaf is not None), "dns": checked})
    names = NameServer(PROBE, host.faults, {domain(cast.sites[n]): f"{DNS_NET}.{n}" for n in numbers})
    port = await names.open(host.port())
    host.on_close(names.close)
    return probe(town, listed, resolver=f"{LOOPBACK}:{port}", ca_file=str(authority.ca_file))


def _leaf(place: int, name: str, now: datetime) -> Leaf | None:
    """One good certificate, one near its end, one past it, one for another name, and a site without TLS."""
    begin = now - timedelta(days=80)
    if place == 0:
        return Leaf(name, begin, now + timedelta(days=70))
    if place == 1:
        return Leaf(name, begin, now + timedelta(days=6, hours=5))
    if place == 2:
        return Leaf(name, begin, now - timedelta(days=2))
    if place == 3:
        return Leaf(f"cu.{name}", begin, now + timedelta(days=40))
    return None


def _page(cast: Watch, number: int, t: float) -> str | None:
    """The page; None while the site is down; on a rare evening somebody else's."""
    if number in cast.down(t):
        return None
    site = cast.sites[number]
    defaced = dice(cast.town.seed, "defaced", number, local_day(t)).random() < 0.02
    if defaced and 20 <= (t / 3600 + 7) % 24 < 22:
        return f"<html><body>Trang này {DEFACED}</body></html>"
    owner = f"{EXPECTED} {cast.town.city.full_title_vi}"
    return f"<html><head><title>{site.name}</title></head><body><h1>{site.name}</h1>{owner}</body></html>"


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    if not town.runs(SERVICE):
        return {}
    cast = town.part(watch)
    lines: dict[str, Iterator[tuple[float, str]]] = {
        SITES: samples(cast, start, end),
        ALERTS: alerts(cast, start, end),
        SOC: scans(cast, start, end),
        PROBE: probes(cast, start, end),
    }
    return {source: payloads(folder, source, made) for source, made in lines.items()}


FEED = Feed(sources=sources, open=open_, history=history, order=70)
