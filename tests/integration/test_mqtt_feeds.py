"""The MQTT part of the simulated city, read by the project's own adapters: good, and under every fault."""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiomqtt import Client
from PIL import Image

from geodata.catalogue import service
from geodata.city import SourceBinding, city
from geodata.records import Event, Observation, Rejected, Thing
from sources._binding import adapter
from sources.base import Context, SourceError, Unreachable
from sources.http import client
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feed import Feed
from sources.simulator.feeds import frigate, lighting_mqtt, screens
from sources.simulator.host import Host
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.patience import HANG_S, in_time

SPEED = 60.0
FEEDS = {"hue": (screens.FEED, "simulated_screens"), "dak_lak": (lighting_mqtt.FEED, "simulated_lighting")}
both = pytest.mark.parametrize("place", FEEDS)


class City:
    """One feed, open, on a clock that runs fast."""

    def __init__(self, town: Town, host: Host, bindings: list[SourceBinding]) -> None:
        self.town, self.host = town, host
        self.bindings = {binding.id: binding for binding in bindings}

    def switch(self, source: str, fault: str) -> None:
        self.host.faults.switch_on(f"{source}={fault}", self.host.now())


@asynccontextmanager
async def opened(town: Town, feed: Feed, folder: Path) -> AsyncIterator[City]:
    host = Host(SimulatedClock(SPEED), Faults([row.id for row in feed.sources(town)]), folder)
    feed.sources(town)
    bindings = list(await feed.open(town, host))
    host.start()
    try:
        yield City(town, host, bindings)
    finally:
        await host.close()


class Reading:
    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator
        self.rows: list[Any] = []
        self.rejected: list[Rejected] = []

    async def until(self, done: Callable[[], bool], within_s: float = HANG_S) -> None:
        async with asyncio.timeout(within_s):
            while not done():
                batch = await anext(self.iterator)
                self.rows += batch.records
                self.rejected += batch.rejected

    def of(self, kind: type) -> list[Any]:
        return [row for row in self.rows if isinstance(row, kind)]


@asynccontextmanager
async def reading(place: City, source: str, **given: Any) -> AsyncIterator[Reading]:
    binding = place.bindings[source]
    binding = binding.model_copy(update={"options": {**binding.options, "keepalive_s": 1, "batch_s": 0.1, **given}})
    found, options = adapter(binding)
    async with client(timeout=HANG_S) as http:
        clock = lambda: datetime.fromtimestamp(place.host.now(), UTC)  # noqa: E731
        ours = Reading(found.batches(options, Context(http=http, service=binding.service, clock=clock), None))
        try:
            yield ours
        finally:
            await ours.iterator.aclose()


@both
async def test_what_is_said_is_what_the_catalogue_knows(place: str, tmp_path: Path) -> None:
    feed, source = FEEDS[place]
    town = Town(city(place), 1)
    async with opened(town, feed, tmp_path) as there, reading(there, source) as ours:
        await ours.until(lambda: len(ours.of(Observation)) > 300)
    known = service(there.bindings[source].service)
    assert not ours.rejected or {row.reason for row in ours.rejected} <= {"unused_topic", "retained"}
    assert {row.observed_property for row in ours.of(Observation)} <= {p.id for p in known.observed_properties}
    for measured in known.observed_properties:
        if measured.words:
            said = {row.result for row in ours.of(Observation) if row.observed_property == measured.id}
            assert said <= set(measured.words)
    things = {row.id: row for row in ours.of(Thing)}
    assert len(things) == {"hue": 60, "dak_lak": 96 + 24 + 4}[place]
    assert {row.thing_id for row in ours.of(Observation)} <= set(things)
    west, south, east, north = city(place).bounds
    assert all(west <= row.geometry.x <= east and south <= row.geometry.y <= north for row in things.values())
    assert all(known.category(row.category) for row in things.values())
    if place == "dak_lak":
        assert all(
            f"lighting:{row.properties.get('upstream')}" in things
            for row in things.values()
            if row.category == "lighting"
        )


async def test_an_outage_and_a_stall_are_noticed_and_end(tmp_path: Path) -> None:
    place = "hue"
    feed, source = FEEDS[place]
    async with opened(Town(city(place), 1), feed, tmp_path) as there:
        for fault in ("outage", "stall"):
            async with reading(there, source) as ours:
                await ours.until(lambda: bool(ours.of(Observation)))
                there.switch(source, fault)
                with pytest.raises(Unreachable):
                    await ours.until(lambda: False)
            there.host.faults.switch_off(source)
            await until_heard(there, source)


async def until_heard(there: City, source: str) -> None:
    async with in_time():
        while True:
            try:
                async with reading(there, source) as ours:
                    await ours.until(lambda: bool(ours.of(Observation)))
            except SourceError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_faults_of_what_is_said(tmp_path: Path) -> None:
    place = "dak_lak"
    feed, source = FEEDS[place]
    async with opened(Town(city(place), 1), feed, tmp_path) as there, reading(there, source) as ours:
        await ours.until(lambda: bool(ours.of(Observation)))
        there.switch(source, "garbage")
        await ours.until(lambda: bool([row for row in ours.rejected if row.payload]))
        there.switch(source, "duplicates")
        ours.rows.clear()
        await ours.until(lambda: 2 in Counter(key(row) for row in ours.of(Observation)).values())
        there.switch(source, "skew:7200")
        await ours.until(lambda: any(ahead(row, there) for row in ours.of(Observation)))
        there.switch(source, "huge_line")
        await ours.until(lambda: any(row.reason == "too_large" for row in ours.rejected))


def key(row: Observation) -> tuple[Any, ...]:
    return row.thing_id, row.observed_property, row.phenomenon_time, row.result


def ahead(row: Observation, there: City) -> bool:
    return row.phenomenon_time.timestamp() > there.host.now() + 3600


async def test_what_is_late_comes_with_its_own_times(tmp_path: Path) -> None:
    place = "hue"
    feed, source = FEEDS[place]
    async with opened(Town(city(place), 1), feed, tmp_path) as there, reading(there, source) as ours:
        await ours.until(lambda: bool(ours.of(Observation)))
        there.switch(source, "late")
        await asyncio.sleep(2.5)
        ours.rows.clear()
        since = there.host.now()
        there.host.faults.switch_off(source)
        await ours.until(lambda: any(row.phenomenon_time.timestamp() < since - 60 for row in ours.of(Observation)))


async def test_in_the_flood_feeders_lose_power_and_boards_go_silent(tmp_path: Path) -> None:
    began = time.time() - 86400 - 14 * 3600  # the clock of the test begins a day ago, at the height of the storm
    for place, least in (("hue", 5), ("dak_lak", 10)):
        feed, source = FEEDS[place]
        town = Town(city(place), 1, scenario("flood"), began)
        async with opened(town, feed, tmp_path / place) as there, reading(there, source) as ours:
            await ours.until(lambda ours=ours: len(ours.of(Observation)) > 100)  # type: ignore[misc]
        silent = {row.thing_id for row in ours.of(Observation) if row.result == "fault"}
        assert len(silent) >= least


async def test_a_board_proves_what_it_shows(tmp_path: Path) -> None:
    async with (
        opened(Town(city("hue"), 1), screens.FEED, tmp_path) as there,
        reading(there, "simulated_screens") as ours,
    ):
        await ours.until(lambda: len(ours.of(Thing)) == 60)
        async with httpx.AsyncClient() as http:
            url = ours.of(Thing)[0].properties["proof_url"]
            reply = await http.get(url)
            assert reply.headers["content-type"] == "image/jpeg"
            assert Image.open(io.BytesIO(reply.content)).size == (320, 180)
            status = (await http.get(url.replace("proof.jpg", "status"))).json()
            assert status["man_hinh"] in {"BAT", "TAT", "LOI"}
            assert (await http.get(url.replace("qc001", "qc999"))).status_code == 404


RECORDERS = ("simulated_frigate_city", "simulated_frigate_order", "simulated_frigate_traffic")


def seen(ours: Reading, wanted: set[str]) -> bool:
    return len(ours.of(Event)) > 5 and wanted <= {row.observed_property for row in ours.of(Observation)}


async def test_recorders_tell_of_cameras_and_what_they_see(tmp_path: Path) -> None:
    async with opened(Town(city("hue"), 1), frigate.FEED, tmp_path) as there:
        assert tuple(there.bindings) == RECORDERS
        for source in RECORDERS:
            known = service(there.bindings[source].service)
            wanted = {"people_count", "vehicle_count", "status"} if source == RECORDERS[0] else set[str]()
            async with reading(there, source, poll_s=0.3) as ours:
                await ours.until(partial(seen, ours, wanted))
            assert all(known.category(row.category) for row in ours.of(Event))
            assert {row.thing_id for row in ours.of(Event)} <= {row.id for row in ours.of(Thing)}
            assert all(row.geometry is not None for row in ours.of(Event))
            assert not [row for row in ours.rejected if row.payload]


async def test_what_a_recorder_saw_while_the_broker_was_gone_is_read_over_http(tmp_path: Path) -> None:
    source = RECORDERS[2]
    async with opened(Town(city("hue"), 1), frigate.FEED, tmp_path) as there:
        async with reading(there, source) as ours:
            await ours.until(lambda: bool(ours.of(Event)))
            there.switch(source, "outage")
            with pytest.raises(Unreachable):
                await ours.until(lambda: False)
        async with reading(there, RECORDERS[1]) as other:  # of another body: not touched
            await other.until(lambda: bool(other.of(Thing)))
        there.host.clock = SimulatedClock(SPEED, lead_s=3600)  # a day later, whatever hour of a quiet night it is now
        there.host.faults.switch_off(source)
        newest = max(row.time for row in ours.of(Event))
        async with in_time():
            while True:
                try:
                    async with reading(there, source, history_h=24) as again:
                        await again.until(
                            lambda: any(row.time > newest + timedelta(minutes=30) for row in again.of(Event))
                        )
                except SourceError:
                    await asyncio.sleep(0.1)
                else:
                    break


async def test_a_recorder_that_dies_leaves_its_will(tmp_path: Path) -> None:
    source = RECORDERS[0]
    async with opened(Town(city("hue"), 1), frigate.FEED, tmp_path) as there, reading(there, source) as ours:
        await ours.until(lambda: bool(ours.of(Thing)))
        port = int(str(there.bindings[source].options["mqtt_url"]).rpartition(":")[2])
        async with Client("127.0.0.1", port) as somebody:
            await somebody.publish("frigate/available", "offline", qos=1)
            with pytest.raises(Unreachable, match="the recorder is offline"):
                await ours.until(lambda: False)
