"""Patrols, posts, rescue boats, incidents and emergencies of the city on a TAK server (Cursor-on-Target over TCP)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.clock import DAY_S
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.patrols import Incident, Order, order
from sources.simulator.tak_server import TakServer, gone, incident, unit
from sources.simulator.town import Town

SOURCE = "simulated_order_tak"
SERVICE = "public_order"
CADENCE_S = 120.0
TICK_S = 1.0
LONGEST_S = 2 * 3600.0
"""No incident lasts longer."""

MOST_S = 600.0
"""A clock that jumped ahead is followed this far."""

RECORDED_S = 600.0
CATEGORIES = {
    "a-f-G-I": "post",
    "a-": "unit",
    "b-l-l": "public_disorder",
    "b-l-l-a": "fight",
    "b-l-l-t": "theft",
    "b-l-l-v": "racing",
    "b-l-f": "fire",
    "b-l-r": "rescue",
    "b-a-o": "rescue",
}


def bound(port: int = 0) -> SourceBinding:
    titles = ("Máy chủ TAK lực lượng tuần tra (mô phỏng)", "TAK server of the patrols (simulated)")
    options = {"transport": "connect", "host": LOOPBACK, "port": port, "categories": CATEGORIES}
    return binding(SOURCE, "tak", SERVICE, titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.runs(SERVICE) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not town.runs(SERVICE):
        return []
    cast = await asyncio.to_thread(town.part, order)

    def picture() -> list[str]:
        now, skew = host.faults.held_at(SOURCE, host.now()), host.faults.skew_s(SOURCE)
        units = [unit(one, one.slot(now), skew) for one in cast.on_duty(now)]
        under_way = [one for one in cast.incidents(now - LONGEST_S, now) if one.end > now]
        return [*units, *(incident(one, now, skew) for one in under_way)]

    server = TakServer(SOURCE, picture, host.faults, host.port())
    await server.open()
    host.on_close(server.close)
    host.spawn(_serve(server, cast, host))
    return [bound(server.port)]


async def _serve(server: TakServer, cast: Order, host: Host) -> None:
    """What happens, a tick at a time."""
    start = host.now()
    while True:
        await asyncio.sleep(TICK_S)
        end = host.now()
        if not start < end < start + MOST_S:
            start = min(max(start, end - MOST_S), end)  # the machine's clock was set
        await server.hand_over([text for _, text in happened(cast, start, end, host.faults.skew_s(SOURCE))])
        start = end


def happened(cast: Order, start: float, end: float, skew_s: float = 0.0) -> list[tuple[float, str]]:
    """Every message of start < t <= end in the order of time."""
    found = [(t, incident(one, t, skew_s)) for t, one in _incidents(cast, start, end)]
    for one in cast.on_duty(end):
        t = one.slot(end)
        while t > start:
            found.append((t, unit(one, t, skew_s)))
            t -= one.every_s
    if cast.boats_out(start) and not cast.boats_out(end):
        found += [(end, gone(boat.uid, boat.type, end, skew_s)) for boat in cast.boats]
    return sorted(found, key=lambda entry: entry[0])


def _incidents(cast: Order, start: float, end: float) -> Iterator[tuple[float, Incident]]:
    """When an incident begins, and when it ends."""
    for one in cast.incidents(start - LONGEST_S, end):
        for t in (one.start, one.end):
            if start < t <= end:
                yield t, one


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {SOURCE: payloads(folder, SOURCE, _recorded(town.part(order), start, end))} if town.runs(SERVICE) else {}


def _recorded(cast: Order, start: float, end: float) -> Iterator[Line]:
    """All incidents; where units were only in the last day, every ten minutes."""
    lines: list[Line] = [(t, incident(one, t)) for t, one in _incidents(cast, start, end)]
    t = max(start, end - DAY_S)
    while (t := t + RECORDED_S) <= end:
        lines += [(t, unit(one, one.slot(t))) for one in cast.on_duty(t)]
    yield from sorted(lines, key=lambda line: line[0])


FEED = Feed(sources=sources, open=open_, history=history, order=65)
