"""The networks of the city over OGC API Features: roads, water, drainage, grid, waste, lighting, warning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed
from sources.simulator.gis_cast import NETWORKS, Item, Office
from sources.simulator.gis_server import Collections, OGCHandler
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.town import Town

SOURCE = "simulated_infrastructure"
POLL_S = 900.0
CITIES = frozenset({"dak_lak"})


def _bound(port: int = 0) -> SourceBinding:
    titles = ("Hạ tầng kỹ thuật bảy lớp, OGC API (mô phỏng)", "Seven infrastructure networks, OGC API (simulated)")
    rules = {name: {"category": name, "approximate": True} for name in NETWORKS}
    options = {"url": f"http://{LOOPBACK}:{port}/ogc", "collections": rules, "poll_s": POLL_S}
    return binding(SOURCE, "ogc_features", "infrastructure", titles, options=options, cadence_s=4 * POLL_S)


def _runs(town: Town) -> bool:
    return town.city.id in CITIES and town.runs("infrastructure")


def sources(town: Town) -> list[SourceBinding]:
    return [_bound()] if _runs(town) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not _runs(town):
        return []
    office = town.part(Office.of)

    @cache
    def drawn(name: str) -> Sequence[Item]:
        return office.network(name)

    own = Collections(SOURCE, NETWORKS, lambda name, now: drawn(name), host.faults, host.now)
    routes = [(r"/ogc/?(.*)", OGCHandler, {"source": SOURCE, "faults": host.faults, "collections": own})]
    return [_bound(await host.http(SOURCE, routes))]


FEED = Feed(sources=sources, open=open_, order=71)
