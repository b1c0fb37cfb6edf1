"""Simulated station files (FTP and folder) and OpenAQ, read by the adapters, good and under each fault."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import aioftp
import pytest

from geodata.catalogue import service
from geodata.city import city
from geodata.records import Observation, Record, Rejected, Thing
from geodata.store.check import check
from geodata.store.types import Batch
from sources._binding import adapter
from sources.base import SourceError
from sources.recording import payloads as recorded
from sources.simulator.clock import SimulatedClock
from sources.simulator.feed import feeds
from sources.simulator.feeds.openaq import SOURCE as OPENAQ
from sources.simulator.feeds.stations_ftp import AIR, WATER
from sources.simulator.station_loggers import loggers
from sources.simulator.town import Town
from tests.support.city_feed import open_feed
from tests.support.patience import in_time
from tests.support.polls import fails, works

FAST = {"settle_s": 0}


@pytest.fixture(scope="module")
def hue() -> Town:
    return Town(city("hue"), 1)


def observations(rows: list[Record]) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation)]


def accepted(rows: list[Record], service_id: str) -> bool:
    """Whether the store's own checks take every one of them."""
    return not check(Batch(rows), service(service_id), datetime.now(UTC)).rejected


def files_of(root: Path) -> int:
    return len(list(root.rglob("*.txt")))


async def until(there: Callable[[], bool]) -> None:
    async with in_time():
        while not there():  # noqa: ASYNC110 (a city tells nobody)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["hue", "dong_ha", "dak_lak"])
def test_loggers_stand_in_their_city(name: str) -> None:
    town = Town(city(name), 1)
    west, south, east, north = town.city.bounds
    for own in town.part(loggers):
        assert len(own) == 2
        for logger in own:
            assert west < logger.lon < east
            assert south < logger.lat < north


async def test_files_over_ftp_and_from_the_folder(hue: Town, tmp_path: Path) -> None:
    async with open_feed("stations_ftp", hue, tmp_path) as opened:
        for source, service_id in ((AIR, "air_quality"), (WATER, "hydrology")):
            polled = opened.sources[source]
            rows = await polled.poll(**FAST)
            assert not polled.rejected
            assert accepted(rows, service_id)
            things = {row.id: row for row in rows if isinstance(row, Thing)}
            assert len(things) == 2
            assert all(thing.geometry is not None and thing.category for thing in things.values())
            found = observations(rows)
            assert {row.thing_id for row in found} == set(things)
            newest = max(row.phenomenon_time.timestamp() for row in found)
            assert 0 <= time() - newest < 330
            assert len({row.phenomenon_time for row in found}) in {23, 24, 25}
            assert observations(await polled.poll(**FAST)) == []
    assert {row.observed_property for row in found} == {
        "water_temperature", "ph", "tss", "cod", "nh4", "water_level", "rain_10min",
    }  # fmt: skip


async def test_a_fast_city_writes_on(hue: Town, tmp_path: Path) -> None:
    clock = SimulatedClock(speed=3600)
    async with open_feed("stations_ftp", hue, tmp_path, clock) as opened:
        polled = opened.sources[WATER]
        first = observations(await polled.poll(**FAST, history_days=9, recent_days=9))
        root = Path(str(polled.binding.options["path"]))
        count = files_of(root)
        await until(lambda: files_of(root) > count + 40)
        then = observations(await polled.poll(**FAST, history_days=9, recent_days=9))
        assert max(row.phenomenon_time for row in then) > max(row.phenomenon_time for row in first)


@pytest.mark.parametrize("source", [AIR, WATER])
async def test_outage_and_recovery(hue: Town, tmp_path: Path, source: str) -> None:
    async with open_feed("stations_ftp", hue, tmp_path) as opened:
        polled = opened.sources[source]
        opened.switch(f"{source}=outage")

        async def fails() -> bool:
            try:
                await polled.poll(**FAST)
            except SourceError:
                return True
            return False

        async with in_time():
            while not await fails():  # noqa: ASYNC110 (a city tells nobody)
                await asyncio.sleep(0.05)
            opened.clear()
            while await fails():  # noqa: ASYNC110 (a city tells nobody)
                await asyncio.sleep(0.05)


async def test_a_server_closed_under_its_users_leaves_nothing_open(hue: Town, tmp_path: Path) -> None:
    """An outage cuts polls off wherever they are; a socket left open is an error of the whole run."""
    async with open_feed("stations_ftp", hue, tmp_path) as opened:
        for turns in range(20, 260, 20):  # of the loop: how far the poll has come
            poll = asyncio.create_task(opened.sources[AIR].poll(**FAST))
            for _ in range(turns):
                await asyncio.sleep(0)
            opened.switch(f"{AIR}=outage")
            with contextlib.suppress(SourceError):
                await poll
            opened.clear()
    gc.collect()


async def test_a_close_that_is_broken_off_leaves_nothing_open(
    hue: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A city stops in the middle of an outage."""
    closing = asyncio.Event()

    async def close(server: aioftp.Server) -> None:
        server.server.close()
        closing.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(aioftp.Server, "close", close)
    async with open_feed("stations_ftp", hue, tmp_path) as opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(opened.sources[AIR].binding.options["port"]))
        assert await reader.readline()
        opened.switch(f"{AIR}=outage")
        await closing.wait()
    async with in_time():
        assert not await reader.read()
    writer.close()


async def test_a_stalled_server_is_given_up(hue: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources._station_ftp.ANSWER_S", 0.3)
    async with open_feed("stations_ftp", hue, tmp_path) as opened:
        opened.switch(f"{AIR}=stall")
        with pytest.raises(SourceError, match="no answer in time"):
            await opened.sources[AIR].poll(**FAST)
        opened.clear()
        monkeypatch.undo()
        assert await opened.sources[AIR].poll(**FAST)


@pytest.mark.parametrize("kind", ["garbage", "duplicates", "late", "skew:1800", "huge_line"])
async def test_faults_in_the_files(hue: Town, tmp_path: Path, kind: str) -> None:
    clock = SimulatedClock(speed=3600)
    async with open_feed("stations_ftp", hue, tmp_path, clock) as opened:
        polled = opened.sources[WATER]
        wide = {**FAST, "history_days": 9, "recent_days": 9}
        await polled.poll(**wide)
        root = Path(str(polled.binding.options["path"]))
        count = files_of(root)
        opened.switch(f"{WATER}={kind}")
        if kind == "late":
            held = opened.host.now()
            await until(lambda: opened.host.now() > held + 1800)
            opened.clear()
        await until(lambda: files_of(root) > count + 12)
        found = observations(await polled.poll(**wide))
        assert found
        pairs = [(row.thing_id, row.observed_property, row.phenomenon_time) for row in found]
        if kind == "garbage":
            assert polled.rejected
        elif kind == "duplicates":
            assert len(pairs) == 2 * len(set(pairs))
        elif kind == "huge_line":
            assert set(polled.rejected) == {"too_large"}
        else:
            assert len(pairs) == len(set(pairs))
        if kind.startswith("skew"):
            assert max(row.phenomenon_time.timestamp() for row in found) > opened.host.now()


async def test_open_aq(hue: Town, tmp_path: Path) -> None:
    async with open_feed("openaq", hue, tmp_path) as opened:
        polled = opened.sources[OPENAQ]
        rows = await polled.poll(history_days=2)
        assert not polled.rejected
        assert accepted(rows, "air_quality")
        (thing,) = [row for row in rows if isinstance(row, Thing)]
        assert thing.properties["license"] == "CC0 1.0"
        found = observations(rows)
        assert {row.observed_property for row in found} == {"pm25", "pm10", "o3", "no2"}
        assert len(found) in {188, 192, 196}
        assert all(row.phenomenon_end == row.phenomenon_time + timedelta(hours=1) for row in found)
        assert await polled.poll() == []


@pytest.mark.parametrize("kind", ["outage", "garbage"])
async def test_open_aq_goes_down_and_comes_back(hue: Town, tmp_path: Path, kind: str) -> None:
    async with open_feed("openaq", hue, tmp_path) as opened:
        polled = opened.sources[OPENAQ]
        opened.switch(f"{OPENAQ}={kind}")
        await fails(polled.poll)
        opened.clear()
        polled.cursor = None  # what was read before the doors closed is told again
        assert await works(polled.poll)


@pytest.mark.parametrize("feed", ["stations_ftp", "openaq"])
def test_the_past_is_small_and_read_whole(hue: Town, tmp_path: Path, feed: str) -> None:
    end = float(int(time()))
    files = feeds()[feed].history(hue, tmp_path, end - 14 * 86400, end)
    total = 0
    for binding in feeds()[feed].sources(hue):
        name, lines = files[binding.id]
        source, options = adapter(binding)
        payloads = list(recorded(tmp_path / name))
        assert len(payloads) == lines
        for payload in payloads:
            assert not isinstance(payload, Rejected)
            rows = list(source.parse(payload.body, options, payload.arrival))
            assert not [row for row in rows if isinstance(row, Rejected)]
            total += len(rows)
    assert total < 25_000
