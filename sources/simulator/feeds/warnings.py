"""Warnings of a met office in CAP 1.2: an index and a file a bulletin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.bulletin import xml
from sources.simulator.cap_push import Pusher
from sources.simulator.cap_server import PATH, Desk, routes
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.met_cast import SERVICE, Office, met_cast
from sources.simulator.met_office import MetOffice
from sources.simulator.town import Town

WARNINGS = "simulated_warnings"
POLL_S = 15.0
SEEN_S = 20.0
"""A bulletin is seen so long after it was sent."""


def met_office(town: Town) -> MetOffice | None:
    cast = met_cast(town)
    return None if cast is None else MetOffice(cast)


def bound(office: Office, port: int = 0, token_env: str | None = None) -> SourceBinding:
    """``token_env`` names the token of the intake, where there is one: bulletins are pushed as well."""
    options: dict[str, Any] = {"url": f"http://{LOOPBACK}:{port}{PATH}/index.{office.index}", "poll_s": POLL_S}
    if token_env:
        options |= {"push": True, "push_token_env": token_env}
    titles = ("Bản tin cảnh báo thiên tai (mô phỏng)", "Disaster warnings (simulated)")
    return binding(WARNINGS, "cap", SERVICE, titles, options=options, owner=office.sender_vi)


def sources(town: Town) -> list[SourceBinding]:
    office = town.part(met_office)
    return [] if office is None else [bound(office.cast.office)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    office = town.part(met_office)
    if office is None:
        return []
    desk = Desk(WARNINGS, office, host.faults, host.now)
    if host.intake:
        host.spawn(Pusher(desk, host.intake).run())
    token_env = host.intake.token_env if host.intake else None
    return [bound(office.cast.office, await host.http(WARNINGS, routes(desk)), token_env)]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    office = town.part(met_office)
    return {} if office is None else {WARNINGS: payloads(folder, WARNINGS, _bulletins(office, start, end))}


def _bulletins(office: MetOffice, start: float, end: float) -> Iterator[Line]:
    cast = office.cast.office
    for bulletin in office.between(start - SEEN_S, end - SEEN_S):
        yield bulletin.sent + SEEN_S, xml(bulletin, cast.sender, (cast.sender_vi, cast.sender_en))


FEED = Feed(sources=sources, open=open_, history=history, order=60)
