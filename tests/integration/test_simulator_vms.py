"""The vessel monitoring feed over a real socket, read by the real adapter, well and under every fault."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

import httpx
import pytest

from geodata.city import SourceBinding, cities, city
from geodata.records import Position, Record, Rejected, Thing
from sources.base import Context, protocol
from sources.recording import rows
from sources.simulator.clock import DAY_S, SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds.vms import FEED, VMS, devices
from sources.simulator.host import Host
from sources.simulator.town import Town
from tests.support.patience import HANG_S
from tests.support.polls import STALLED_S, fails, works


@pytest.fixture(scope="module")
def hue() -> Town:
    return Town(city("hue"), 1)


@dataclass
class Running:
    host: Host
    binding: SourceBinding
    http: httpx.AsyncClient

    async def poll(self) -> tuple[list[Record], list[Rejected]]:
        adapter = protocol("table")
        options = adapter.options.model_validate({**self.binding.options, "service": self.binding.service})
        context = Context(http=self.http, service=self.binding.service)
        records: list[Record] = []
        rejected: list[Rejected] = []
        async for batch in adapter.batches(options, context, None):
            records += batch.records
            rejected += batch.rejected
        return records, rejected

    def switch(self, text: str) -> None:
        self.host.faults.switch_on(f"{VMS}={text}", self.host.now())


@asynccontextmanager
async def run(town: Town, folder: Path) -> AsyncIterator[Running]:
    host = Host(SimulatedClock(), Faults([VMS]), folder)
    (binding,) = await FEED.open(town, host)
    host.start()
    try:
        async with httpx.AsyncClient(timeout=HANG_S) as http:
            yield Running(host, binding, http)
    finally:
        await host.close()


async def test_positions_through_the_adapter(hue: Town, tmp_path: Path) -> None:
    async with run(hue, tmp_path) as running:
        await running.poll()
        records, rejected = await running.poll()
    assert not rejected
    fixes = [row for row in records if isinstance(row, Position)]
    ships = {row.id: row for row in records if isinstance(row, Thing)}
    assert set(ships) == {fix.thing_id for fix in fixes}
    assert len(ships) == len(hue.part(devices)) > 15
    assert all(15 <= float(str(ship.properties["length_m"])) < 30 for ship in ships.values())
    assert all(ship.properties["device"] and ship.properties["registration"] for ship in ships.values())
    ages = [time() - fix.time.timestamp() for fix in fixes]
    assert 100 < min(ages) < 3 * 3600
    assert max(ages) < 10 * 3600
    assert any((fix.sog_kn or 0) > 3 for fix in fixes)


async def test_every_fault_shows(hue: Town, tmp_path: Path) -> None:
    async with run(hue, tmp_path) as running:
        good, _ = await running.poll()
        running.switch("duplicates")
        assert len((await running.poll())[0]) == 2 * len(good)
        running.switch("skew:7200")
        ahead, _ = await running.poll()
        newest = max(row.time for row in ahead if isinstance(row, Position))
        assert newest > max(row.time for row in good if isinstance(row, Position))
        running.switch("late")
        assert len((await running.poll())[0]) == len(good)
        for fault in ("garbage", "stall", "huge_line", "outage"):
            running.switch(fault)
            running.http.timeout = STALLED_S if fault == "stall" else HANG_S
            await fails(running.poll)
        running.host.faults.switch_off(VMS)
        assert len((await works(running.poll))[0]) >= len(good) - 4


def test_history_ends_where_the_live_city_begins(hue: Town, tmp_path: Path) -> None:
    end = 1_795_219_200.0
    name, count = FEED.history(hue, tmp_path, end - 14 * DAY_S, end)[VMS]
    assert 14 * 24 < count <= 14 * 144
    adapter = protocol("table")
    (binding,) = FEED.sources(hue)
    options = adapter.options.model_validate({**binding.options, "service": binding.service})
    found = list(rows(adapter, options, [tmp_path / name]))
    fixes = [row for row in found if isinstance(row, Position)]
    assert len(fixes) * 2 == len(found) < 60_000
    assert max(fix.time.timestamp() for fix in fixes) <= end
    assert all(fix.received_at is not None and fix.received_at >= fix.time for fix in fixes)


def test_cities_without_a_fleet_have_no_such_feed() -> None:
    fleets = {name for name in cities() if Town(city(name), 1).fleet}
    assert {name for name in cities() if FEED.sources(Town(city(name), 1))} == fleets
    assert "hue" in fleets
