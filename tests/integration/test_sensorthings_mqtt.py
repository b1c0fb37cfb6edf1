"""SensorThings over HTTP and MQTT: nothing missing and nothing twice, whatever the broker does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Client

from geodata.city import SourceBinding, city
from geodata.records import Observation, Rejected, Thing
from sources.base import Context, Unreachable
from sources.http import client
from sources.sensorthings import SensorThingsOptions, batches, parse
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds.air_mqtt import FEED, SOURCE
from sources.simulator.host import Host
from sources.simulator.town import Town
from tests.support.patience import in_time

SPEED = 600.0  # a round of observations a second


class City:
    def __init__(self, host: Host, binding: SourceBinding) -> None:
        self.host, self.binding = host, binding

    def switch(self, fault: str) -> None:
        self.host.faults.switch_on(f"{SOURCE}={fault}", self.host.now())

    def options(self, **given: Any) -> SensorThingsOptions:
        fixed = {"service": "air_quality", "history_days": 0.05, "keepalive_s": 1, "batch_s": 0.05}
        return SensorThingsOptions.model_validate({**self.binding.options, **fixed, **given})


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[City]:
    host = Host(SimulatedClock(SPEED), Faults([SOURCE]), tmp_path)
    (binding,) = await FEED.open(Town(city("hue"), 1), host)
    host.start()
    yield City(host, binding)
    await host.close()


class Reading:
    def __init__(self, iterator: Any) -> None:
        self.iterator, self.cursor = iterator, None
        self.rows: list[Any] = []
        self.rejected: list[Rejected] = []

    def observations(self) -> list[Observation]:
        return [row for row in self.rows if isinstance(row, Observation)]

    async def until(self, done: Any) -> None:
        async with in_time():
            while not done():
                batch = await anext(self.iterator)
                self.rows += batch.records
                self.rejected += batch.rejected
                self.cursor = batch.cursor or self.cursor


@asynccontextmanager
async def reading(town: City, cursor: Any = None, **given: Any) -> AsyncIterator[Reading]:
    async with client() as http:
        context = Context(http=http, service="air_quality", clock=lambda: datetime.fromtimestamp(town.host.now(), UTC))
        found = Reading(batches(town.options(**given), context, cursor))
        try:
            yield found
        finally:
            await found.iterator.aclose()


def whole(rows: list[Observation]) -> int:
    """How many rows came twice. Every ten minutes of each property of each sensor must be there.

    What is pushed while HTTP is read comes both ways: the same record, which the store counts as a duplicate.
    """
    unique = {(row.thing_id, row.observed_property, row.phenomenon_time): row for row in rows}
    assert_steps(list(unique.values()))
    return len(rows) - len(unique)


def assert_steps(rows: list[Observation]) -> None:
    """Every ten minutes of each property of each sensor, each once."""
    streams: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        streams.setdefault((row.thing_id, row.observed_property), []).append(row.phenomenon_time.timestamp())
    assert len(streams) == 12
    for times in streams.values():
        times.sort()
        assert {b - a for a, b in pairwise(times)} == {600.0}


async def test_what_http_holds_and_then_what_is_pushed(town: City) -> None:
    async with reading(town) as ours:
        await ours.until(lambda: len(ours.observations()) > 12 * 9)
    assert len([row for row in ours.rows if isinstance(row, Thing)]) == 3
    assert whole(ours.observations()) <= 12
    assert any(row.received_at for row in ours.observations()), "pushed rows carry their arrival"
    assert not ours.rejected


async def test_a_reconciliation_does_not_read_again_what_was_pushed(town: City) -> None:
    async with reading(town, reconcile_s=0.5) as ours:
        await ours.until(lambda: len(ours.observations()) > 12 * 10)
    assert whole(ours.observations()) <= 2 * 12


async def test_what_was_missed_while_the_broker_was_gone_is_read_over_http(town: City) -> None:
    async with reading(town) as ours:
        await ours.until(lambda: any(row.received_at for row in ours.observations()))
        town.switch("outage")
        with pytest.raises(Unreachable):
            await ours.until(lambda: False)
        before = ours.observations()
    await asyncio.sleep(2.5)
    town.host.faults.switch_off(SOURCE)
    async with in_time():
        while True:
            try:
                async with reading(town, ours.cursor) as again:
                    await again.until(lambda: any(row.received_at for row in again.observations()))
            except Unreachable:
                await asyncio.sleep(0.2)
            else:
                break
    whole(before + again.observations())


async def test_a_broker_that_stands_still_is_noticed(town: City) -> None:
    async with reading(town) as ours:
        await ours.until(lambda: any(row.received_at for row in ours.observations()))
        town.switch("stall")
        with pytest.raises(Unreachable):
            await ours.until(lambda: False)


async def test_what_cannot_be_read_can_be_read_again_once_the_adapter_is_mended(town: City) -> None:
    async with (
        reading(town) as ours,
        Client("127.0.0.1", int(town.binding.options["mqtt_url"].rpartition(":")[2])) as c,
    ):
        await ours.until(lambda: any(row.received_at for row in ours.observations()))
        await c.publish("v1.1/Datastreams(101)/Observations", b'{"phenomenonTime": "2026-', qos=1)
        await c.publish("v1.1/Datastreams(101)/Observations", b'{"phenomenonTime": "x", "result": 5}', qos=1)
        await ours.until(lambda: len(ours.rejected) == 2)
    assert {row.reason for row in ours.rejected} == {"garbled", "malformed"}
    (kept,) = [json.loads(row.payload or b"") for row in ours.rejected if row.reason == "malformed"]
    mended = json.dumps({**kept, "phenomenonTime": "2026-11-21T02:00:00Z"}).encode()
    (row,) = parse(mended, town.options(), ours.observations()[-1].phenomenon_time)
    assert isinstance(row, Observation)
    assert row.thing_id in {thing.id for thing in ours.rows if isinstance(thing, Thing)}
    assert (row.observed_property, row.unit) == ("pm25", "ug/m3")
