"""The bindings of information security: what the city's file would say of Prometheus, Alertmanager and the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.agency_sites import Site, Watch
from sources.simulator.bindings import binding
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.prometheus_server import UPTIME
from sources.simulator.status_pages import SLUG, gatus_key, monitor
from sources.simulator.town import Town

SERVICE = "information_security"
SITES, ALERTS, SOC = "simulated_sites", "simulated_alerts", "simulated_soc"
KUMA, GATUS, PROBE = "simulated_kuma", "simulated_gatus", "simulated_probe"
EXPECTED = "Ủy ban nhân dân"
DEFACED = "đã bị chiếm quyền"


def watch(town: Town) -> Watch:
    """The sites of a town, made once."""
    return Watch(town)


def _known(town: Town, numbers: Sequence[int], name: Callable[[int], str] | None = None) -> dict[str, dict[str, Any]]:
    """What the bindings tell of the sites: names, agencies, places."""
    cast = town.part(watch)
    return {name(n) if name else cast.sites[n].id: _told(cast.sites[n], with_id=name is not None) for n in numbers}


def _told(site: Site, *, with_id: bool) -> dict[str, Any]:
    told = {"name": site.name, "agency": site.agency, "lon": site.place[0], "lat": site.place[1]}
    return {"id": site.id, **told} if with_id else told


def _agency_sites(town: Town) -> dict[str, dict[str, Any]]:
    cast = town.part(watch)
    found = _known(town, cast.of("agency"))
    for n in cast.of("agency"):
        if cast.sites[n].line >= 0:
            found[cast.sites[n].id]["parent"] = cast.lines[cast.sites[n].line].id
    for line in cast.lines:
        found[line.id] = {"name": line.name, "lon": line.place[0], "lat": line.place[1]}
    return found


def prometheus(town: Town, port: int = 0) -> SourceBinding:
    up = {"query": "probe_success", "observed_property": "up", "words": {"1": "up", "0": "down"}}
    queries = [
        up,
        {"query": "probe_duration_seconds", "observed_property": "response_time", "unit": "s", "every_s": 120},
        {"query": UPTIME, "observed_property": "uptime", "unit": "%", "every_s": 3600},
        {
            "query": "probe_ssl_earliest_cert_expiry",
            "observed_property": "certificate_days",
            "unit": "d",
            "until": True,
            "every_s": 3600,
        },
    ]
    options = {"url": _url(port), "queries": queries, "sites": _agency_sites(town), "backfill_h": 6}
    titles = ("Prometheus trang của cơ quan (mô phỏng)", "Prometheus of agency sites (simulated)")
    return binding(SITES, "prometheus", SERVICE, titles, options=options)


def alertmanager(town: Town, port: int = 0, token_env: str | None = None) -> SourceBinding:
    options: dict[str, Any] = {"url": _url(port), "poll_s": 30, "sites": _agency_sites(town)}
    if token_env:
        options |= {"push": True, "push_token_env": token_env}
    titles = ("Alertmanager an toàn thông tin (mô phỏng)", "Alertmanager of information security (simulated)")
    return binding(ALERTS, "alertmanager", SERVICE, titles, options=options)


def soc(_: Town, port: int = 0) -> SourceBinding:
    queries = [
        {"query": "soc_botnet_addresses", "observed_property": "botnet_ips", "unit": "{address}"},
        {"query": "soc_missing_patches", "observed_property": "patch_gap", "unit": "{patch}"},
    ]
    options = {"url": f"{_url(port)}/metrics", "mode": "text", "queries": queries, "poll_s": 900}
    titles = ("Trung tâm giám sát an toàn thông tin (mô phỏng)", "Security desk (simulated)")
    return binding(SOC, "prometheus", SERVICE, titles, options=options, cadence_s=900)


def kuma(town: Town, port: int = 0) -> SourceBinding:
    known = _known(town, town.part(watch).of("kuma"), lambda n: str(monitor(n)))
    options = {"url": _url(port), "slug": SLUG, "issuer": "site", "sites": known}
    titles = ("Uptime Kuma hệ thống dùng chung (mô phỏng)", "Uptime Kuma of shared systems (simulated)")
    return binding(KUMA, "uptime_kuma", SERVICE, titles, options=options)


def gatus(town: Town, port: int = 0) -> SourceBinding:
    cast = town.part(watch)
    known = _known(town, cast.of("gatus"), lambda n: gatus_key(n, cast))
    options = {"url": _url(port), "issuer": "site", "sites": known}
    titles = ("Gatus kết nối liên thông (mô phỏng)", "Gatus of connections (simulated)")
    return binding(GATUS, "gatus", SERVICE, titles, options=options)


def probe(town: Town, sites: Sequence[dict[str, Any]] = (), **more: Any) -> SourceBinding:
    listed = list(sites) or [probed(town.part(watch).sites[n], 0) for n in town.part(watch).of("probe")]
    options = {"sites": listed, "timeout_s": 5, "certificate_s": 300, **more}
    titles = ("Kiểm tra trang trực tiếp (mô phỏng)", "Probe of sites (simulated)")
    return binding(PROBE, "probe", SERVICE, titles, options=options)


def domain(site: Site) -> str:
    return f"{site.id.replace('_', '-')}.example"


def probed(site: Site, port: int, *, tls: bool = True) -> dict[str, Any]:
    scheme = "https" if tls else "http"
    return {
        "id": site.id,
        **_told(site, with_id=False),
        "url": f"{scheme}://{domain(site)}:{port or 443}/",
        "expect_text": EXPECTED,
        "forbid_text": [DEFACED],
        **({"address": f"{LOOPBACK}:{port}"} if port else {}),
    }


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
