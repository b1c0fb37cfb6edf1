"""The planning office of the city: zones and projects over OGC API Features, permits and violations over WFS."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed
from sources.simulator.gis_cast import Item, Office
from sources.simulator.gis_server import Collections, OGCHandler, WFSHandler
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.town import Town

PLANS, CASES = "simulated_planning", "simulated_planning_cases"
PLANS_POLL_S, CASES_POLL_S = 900.0, 60.0
CITIES = frozenset({"dong_ha", "dak_lak"})

PLAN_TITLES = {"quy_hoach": "Quy hoạch", "du_an": "Dự án đầu tư"}
CASE_TITLES = {"giay_phep": "Giấy phép xây dựng", "vi_pham": "Vi phạm"}


def _bound(port: int = 0, cases_port: int = 0) -> list[SourceBinding]:
    plans = ("Cơ sở dữ liệu quy hoạch, OGC API (mô phỏng)", "Planning data base, OGC API (simulated)")
    cases = ("Giấy phép và vi phạm, WFS VN-2000 (mô phỏng)", "Permits and violations, WFS in VN-2000 (simulated)")
    rules = {"quy_hoach": {"approximate": True}, "du_an": {"approximate": True, "category": "project"}}
    return [
        binding(
            PLANS,
            "ogc_features",
            "planning",
            plans,
            options={"url": f"http://{LOOPBACK}:{port}/ogc", "collections": rules, "poll_s": PLANS_POLL_S},
            cadence_s=4 * PLANS_POLL_S,
        ),
        binding(
            CASES,
            "wfs",
            "planning",
            cases,
            options={"url": f"http://{LOOPBACK}:{cases_port}/wfs", "poll_s": CASES_POLL_S},
            cadence_s=4 * PLANS_POLL_S,
        ),
    ]


def _runs(town: Town) -> bool:
    return town.city.id in CITIES and town.runs("planning")


def sources(town: Town) -> list[SourceBinding]:
    return _bound() if _runs(town) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not _runs(town):
        return []
    office = town.part(Office.of)

    @cache
    def drawn(name: str) -> Sequence[Item]:
        return {"quy_hoach": office.zones, "du_an": office.projects, "giay_phep": office.permits}[name]()

    def items(name: str, now: float) -> Sequence[Item]:
        if name == "vi_pham":
            return office.violations(now, host.faults.skew_s(CASES))
        return drawn(name)

    plans = Collections(PLANS, PLAN_TITLES, items, host.faults, host.now)
    cases = Collections(CASES, CASE_TITLES, items, host.faults, host.now)
    own = {"source": PLANS, "faults": host.faults, "collections": plans}
    port = await host.http(PLANS, [(r"/ogc/?(.*)", OGCHandler, own)])
    own = {"source": CASES, "faults": host.faults, "collections": cases, "srid": town.city.srid}
    return _bound(port, await host.http(CASES, [(r"/wfs", WFSHandler, own)]))


FEED = Feed(sources=sources, open=open_, order=70)
