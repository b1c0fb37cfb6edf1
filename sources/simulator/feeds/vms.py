"""Vessel monitoring (VMS) of the fleet: a position every 2 or 3 hours by satellite, also where no AIS station hears.

A third of the vessels of 15 m and more send: every 2 h from 24 m on, every 3 h below (Decree 26/2019/NĐ-CP, amended by
37/2024; replaced by 41/2026/NĐ-CP, of which the values were not read). The export is what a monitoring centre hands
out: JSON, the last hours of every vessel, day first, decimal comma. In port the device sends as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.clock import LOCAL
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.fleet import Vessel
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.noise import Floats, dice, key, uniform
from sources.simulator.town import Town

VMS = "simulated_vms"
PATH = "/vms/positions.json"
POLL_S = 60.0
CADENCE_S = 3 * 3600.0
KEPT_S = 9 * 3600.0
"""So much of the past an export holds: what a reader missed for a night it still finds."""

DELAY_S = 120.0
"""From the fix to the centre, by satellite."""

HISTORY_STEP_S = 600.0
LONGEST_M, SHORTEST_M = 24.0, 15.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Device:
    """A vessel with a VMS set. ``phase`` in 0…1 of its interval."""

    vessel: Vessel
    plate: str
    number: str
    every_s: float
    phase: float


def devices(town: Town) -> tuple[Device, ...]:
    """A third of the fishing vessels that must have a set, the same for the same seed."""
    if not town.runs("fishing_vessels"):
        return ()
    found = []
    for vessel in town.fleet:
        if vessel.is_cargo or vessel.length_m < SHORTEST_M:
            continue
        roll = dice(town.seed, "vms", vessel.index)
        if roll.random() < 1 / 3:
            prefix = town.profile.landings[vessel.port].prefix
            plate = f"{prefix}-9{(vessel.index * 37 + 1234) % 10000:04d}-TS"
            every_s = (2 if vessel.length_m >= LONGEST_M else 3) * HOUR_S
            found.append(Device(vessel, plate, f"VMS-{roll.randrange(10**6):06d}", every_s, roll.random()))
    return tuple(found)


def positions(town: Town, start: float, end: float, skew_s: float = 0.0) -> list[dict[str, Any]]:
    """What the devices sent with start < t <= end (epoch s), oldest first."""
    rows: list[tuple[float, dict[str, Any]]] = []
    for device in town.part(devices):
        first = np.floor(start / device.every_s - device.phase) + 1
        last = np.floor(end / device.every_s - device.phase)
        slots = np.arange(first, last + 1)
        if not len(slots):
            continue
        times = np.asarray((slots + device.phase) * device.every_s, dtype=np.float64)
        rows += _rows(town, device, times, skew_s)
    rows.sort(key=lambda row: (row[0], row[1]["bien_so"]))
    return [row for _, row in rows]


def _rows(town: Town, device: Device, times: Floats, skew_s: float) -> Iterator[tuple[float, dict[str, Any]]]:
    state = town.voyages.state(device.vessel, times)
    sent = uniform(town.seed, key("vms sent", device.vessel.index), (times / 60).astype(np.int64)) > 0.01
    for n in np.flatnonzero(sent).tolist():
        t = float(times[n])
        moment = datetime.fromtimestamp(t + skew_s, UTC).astimezone(LOCAL)
        yield (
            t,
            {
                "bien_so": device.plate,
                "chieu_dai": f"{device.vessel.length_m:.1f}".replace(".", ","),
                "thoi_gian": moment.strftime("%d/%m/%Y %H:%M:%S"),
                "kinh_do": round(float(state.lon[n]), 5),
                "vi_do": round(float(state.lat[n]), 5),
                "van_toc": round(float(state.sog_kn[n]), 1),
                "huong": round(float(state.cog_deg[n])),
                "ma_thiet_bi": device.number,
                "trang_thai": "Bình thường" if state.sog_kn[n] > 0 else "Tại cảng",
            },
        )


def body(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"success": True, "total": len(rows), "data": rows}, ensure_ascii=False)


class VmsHandler(FaultyHandler):
    """GET of the last hours, as the faults of the moment leave them."""

    def initialize(self, source: str, faults: Faults, **given: Any) -> None:
        super().initialize(source, faults)
        self.town: Town = given["town"]
        self.now = given["now"]

    async def get(self) -> None:
        now = self.faults.held_at(self.source, self.now())
        end = now - DELAY_S
        rows = positions(self.town, end - KEPT_S, end, self.faults.skew_s(self.source))
        if self.faults.is_on(self.source, Kind.DUPLICATES):
            rows = [row for row in rows for _ in range(2)]
        await self.send(body(rows), "application/json")


def bound(port: int = 0) -> SourceBinding:
    options = {
        "url": f"http://{LOOPBACK}:{port}{PATH}",
        "preset": "vms",
        "rows": "data",
        "decimal": ",",
        "poll_s": POLL_S,
    }
    titles = ("Giám sát hành trình tàu cá (mô phỏng)", "Vessel monitoring (simulated)")
    return binding(VMS, "table", "fishing_vessels", titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.part(devices) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not town.part(devices):
        return []
    for device in town.part(devices):  # the trips take a while to find: before any client waits, one vessel at a time
        town.voyages.state(device.vessel, np.array([host.now() - KEPT_S, host.now()]))
        await asyncio.sleep(0)
    own = {"source": VMS, "faults": host.faults, "town": town, "now": host.now}
    return [bound(await host.http(VMS, [(PATH, VmsHandler, own)]))]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {VMS: payloads(folder, VMS, _lines(town, start, end))} if town.part(devices) else {}


def _lines(town: Town, start: float, end: float) -> Iterator[Line]:
    """An export every ten minutes that brings something: a fix is not an hour old when a recording tells of it."""
    t = start
    while t < end:
        until = min(t + HISTORY_STEP_S, end)
        if rows := positions(town, t - DELAY_S, until - DELAY_S):
            yield until, body(rows)
        t = until


FEED = Feed(sources=sources, open=open_, history=history, order=12)
