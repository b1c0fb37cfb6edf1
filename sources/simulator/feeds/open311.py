"""Field reports of the city over Open311."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from geodata.city import SourceBinding
from sources.simulator import open311_server
from sources.simulator.bindings import binding
from sources.simulator.clock import DAY_S
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.open311_server import Desk311, snapshot
from sources.simulator.report_life import HORIZON_DAYS, Office, Report, Stage
from sources.simulator.town import Town

REPORTS = "simulated_reports"
POLL_S = 10.0
LOOK_S = 30.0
"""Reports are looked at so often: changes within it arrive together."""


def bound(port: int = 0) -> SourceBinding:
    url = f"http://{LOOPBACK}:{port}{open311_server.PATH}/discovery.json"
    options = {"url": url, "poll_s": POLL_S, "history_days": 30, "overlap_days": 3}
    titles = ("Cổng phản ánh hiện trường (mô phỏng)", "Field-report portal (simulated)")
    return binding(REPORTS, "open311", "field_reports", titles, options=options)


def sources(town: Town) -> list[SourceBinding]:
    return [] if town.office is None else [bound()]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if town.office is None:
        return []
    kinds, title = town.office.desk.kinds, town.city.full_title_vi
    desk = Desk311(REPORTS, town.office, kinds, title, host.faults, host.now)
    return [bound(await host.http(REPORTS, open311_server.routes(desk)))]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {} if town.office is None else {REPORTS: payloads(folder, REPORTS, _reports(town.office, start, end))}


def _reports(office: Office, start: float, end: float) -> Iterator[Line]:
    """First every report of the last month as it stood, then the changes in the order in which they were seen."""
    known = list(office.reports(start - HORIZON_DAYS * DAY_S, end, end))
    before = [(report, stage) for report in known if (stage := report.at(start)) is not None]
    if before:
        yield start, snapshot(before)
    changes = [
        (float(np.ceil(stage.t / LOOK_S) * LOOK_S), stage.t, report, stage)
        for report in known
        for stage in report.stages
        if start < stage.t <= end
    ]
    changes.sort(key=lambda change: (change[0], change[1], change[2].intake.number))
    seen: list[tuple[Report, Stage]] = []
    for n, (look, _, report, stage) in enumerate(changes):
        seen.append((report, stage))
        if n + 1 == len(changes) or changes[n + 1][0] != look:
            yield min(look, end), snapshot(seen)
            seen = []


FEED = Feed(sources=sources, open=open_, history=history, order=20)
