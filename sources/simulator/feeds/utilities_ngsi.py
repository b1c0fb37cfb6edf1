"""Pumps, gates, water gauges, waste bins and trucks in a context broker (NGSI-LD), with notifications."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.clock import DAY_S, iso
from sources.simulator.faults import Kind as Fault
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.ngsi_broker import ContextBroker, routes
from sources.simulator.town import Town
from sources.simulator.utilities import STEP_S, Asset, Kind, Utilities, utilities

SOURCE = "simulated_utilities_ngsi"
SERVICE = "public_utilities"
POLL_S = 60.0
CADENCE_S = 180.0
TICK_S = 2.0
MOST_SLOTS = 120
"""Reports of one device that a late broker still hands on, the newest."""

MADE = iso(1767225600.0)  # when the entities were made: 2026-01-01
OPTIONS: dict[str, Any] = {
    "types": {
        Kind.PUMP.value: "pump",
        Kind.GATE.value: "drainage",
        Kind.GAUGE.value: "water_supply",
        Kind.BIN.value: "solid_waste",
        Kind.TRUCK.value: "truck",
    },
    "attributes": {
        "operationalStatus": "pump_state",
        "gateStatus": "status",
        "activePower": "power",
        "flowRate": "flow",
        "waterLevel": "drain_level",
        "waterPressure": "pressure",
        "lossRate": "water_loss",
        "fillingLevel": "bin_fill",
        "cargoWeight": "waste_collected",
    },
    "words": {"open": "on", "closed": "off"},
}
RECORDED_S, RECENT_S = 7200.0, 1800.0
"""A recording holds every device so often; the last day more often."""

RECORDED = (Kind.PUMP, Kind.GATE, Kind.GAUGE)


def bound(port: int = 0, token_env: str | None = None) -> SourceBinding:
    titles = ("Nền tảng ngữ cảnh dịch vụ công ích (mô phỏng)", "Context broker of public utilities (simulated)")
    options = {
        "url": f"http://{LOOPBACK}:{port}",
        "poll_s": POLL_S,
        "subscribe": token_env is not None,
        **({"token_env": token_env} if token_env else {}),
        **OPTIONS,
    }
    return binding(SOURCE, "ngsi_ld", SERVICE, titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.runs(SERVICE) else []


def entity(cast: Utilities, asset: Asset, t: float, skew_s: float = 0.0) -> dict[str, Any]:
    """The asset in normalized form as of its newest report at ``t`` (epoch s)."""
    slot = asset.slot(t)
    when = iso(slot + skew_s)
    place = {"type": "Point", "coordinates": list(cast.place(asset, slot))}
    found: dict[str, Any] = {
        "id": asset.id,
        "type": asset.kind.value,
        "createdAt": MADE,
        "modifiedAt": when,
        "name": {"type": "Property", "value": asset.name, "createdAt": MADE, "modifiedAt": MADE},
        "location": {
            "type": "GeoProperty",
            "value": place,
            "createdAt": MADE,
            "modifiedAt": when if asset.route else MADE,
        },
    }
    for name, (value, unit) in cast.values(asset, slot).items():
        own: dict[str, Any] = {"type": "Property", "value": value, "createdAt": MADE, "modifiedAt": when}
        if unit is not None or name in OPTIONS["attributes"]:
            own["observedAt"] = when
        if unit is not None:
            own["unitCode"] = unit
        found[name] = own
    return found


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not town.runs(SERVICE):
        return []
    cast = await asyncio.to_thread(town.part, utilities)

    def entities(t: float) -> list[dict[str, Any]]:
        skew = host.faults.skew_s(SOURCE)
        return [entity(cast, asset, t, skew) for asset in cast.assets]

    broker = ContextBroker(SOURCE, entities, host.faults, host.now)
    port = await host.http(SOURCE, routes(broker))
    host.spawn(_notify(broker, cast, host))
    return [bound(port, host.intake.token_env if host.intake else None)]


async def _notify(broker: ContextBroker, cast: Utilities, host: Host) -> None:
    """What the devices report, as it comes. An outage and a stall lose it; a late broker keeps it."""
    told = host.now()
    async with httpx.AsyncClient(trust_env=False) as http:
        while True:
            await asyncio.sleep(TICK_S)
            until = host.faults.held_at(SOURCE, host.now())
            lost = host.faults.is_on(SOURCE, Fault.OUTAGE) or host.faults.is_on(SOURCE, Fault.STALL)
            if until > told and broker.subscriptions and not lost:
                await broker.notify(http, list(_reported(cast, told, until, host.faults.skew_s(SOURCE))))
            told = max(told, until) if until > told - 60 else until  # a clock that was set back


def _reported(cast: Utilities, start: float, end: float, skew_s: float) -> Iterator[dict[str, Any]]:
    """Every report in start < t <= end, a device's own in order."""
    for asset in cast.assets:
        step, last = STEP_S[asset.kind], asset.slot(end)
        count = min(MOST_SLOTS, int((last - asset.slot(start)) // step))
        for n in range(count - 1, -1, -1):
            yield entity(cast, asset, last - n * step, skew_s)


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    if not town.runs(SERVICE):
        return {}
    return {SOURCE: payloads(folder, SOURCE, _recorded(town.part(utilities), start, end))}


def _recorded(cast: Utilities, start: float, end: float) -> Iterator[Line]:
    """First every entity whole, then notifications of what was measured, then every entity as it is."""
    yield start, _notification(start, [entity(cast, asset, start) for asset in cast.assets])
    day = end - DAY_S
    t = start
    while (t := t + (RECENT_S if t >= day else RECORDED_S)) < end:
        devices = [asset for asset in cast.assets if asset.kind in RECORDED]
        if t % (6 * 3600) < RECORDED_S:
            devices += [asset for asset in cast.assets if asset.kind is Kind.BIN]
        yield t, _notification(t, [_measured(entity(cast, asset, t)) for asset in devices])
    yield end, _notification(end, [entity(cast, asset, end) for asset in cast.assets])


def _measured(whole: dict[str, Any]) -> dict[str, Any]:
    """As a subscription with ``attributes`` sends it: id, type and what has a time of its own."""
    return {name: value for name, value in whole.items() if name in {"id", "type"} or "observedAt" in value}


def _notification(t: float, entities: Sequence[dict[str, Any]]) -> str:
    body = {
        "id": f"urn:ngsi-ld:Notification:{int(t)}",
        "type": "Notification",
        "subscriptionId": "urn:ngsi-ld:Subscription:recorded",
        "notifiedAt": iso(t),
        "data": list(entities),
    }
    return json.dumps(body, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=60)
