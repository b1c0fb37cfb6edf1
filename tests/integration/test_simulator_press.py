"""The simulated outlets over real sockets, read by the real adapter: dates, places, the flood, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geodata.city import SourceBinding, city
from geodata.records import Event, Rejected
from geodata.store.reader import Reader
from geodata.store.types import Batch, Cursor
from geodata.store.writer import Writer
from geodata.view import View
from sources.base import Context, protocol
from sources.http import client
from sources.recording import rows as recorded
from sources.rss import RssOptions
from sources.simulator.faults import Faults
from sources.simulator.feeds.press import FEED, OUTLETS, outlets
from sources.simulator.host import Host
from sources.simulator.newsroom import Newsroom
from sources.simulator.press_server import odd_date
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.patience import HANG_S
from tests.support.polls import STALLED_S, fails

NOW = 1795222800.0  # 2026-11-21 08:00 in Huế
ODD = OUTLETS[2].source
RSS = protocol("rss")


def flooded() -> Town:
    return Town(city("hue"), 1, scenario("flood"), NOW - 14 * 3600)


def options(binding: SourceBinding) -> RssOptions:
    found = RSS.options.model_validate({**binding.options, "service": binding.service})
    assert isinstance(found, RssOptions)
    return found


@dataclass
class Stand:
    """The outlets on loopback, each read with its cursor kept."""

    bindings: dict[str, SourceBinding]
    faults: Faults
    clock: Any
    statuses: list[int] = field(default_factory=list)
    cursors: dict[str, Cursor | None] = field(default_factory=dict)
    timeout_s: float = HANG_S

    async def read(self, source: str) -> tuple[list[Event], Counter[str]]:
        async def noted(response: Any) -> None:
            self.statuses.append(response.status_code)

        binding = self.bindings[source]
        events: list[Event] = []
        rejected: Counter[str] = Counter()
        async with client(event_hooks={"response": [noted]}, timeout=self.timeout_s) as http:
            now = datetime.fromtimestamp(self.clock.at, UTC)
            context = Context(http=http, service=binding.service, clock=lambda: now)
            async for batch in RSS.batches(options(binding), context, self.cursors.get(source)):
                events += [row for row in batch.records if isinstance(row, Event)]
                rejected.update(row.reason for row in batch.rejected)
                self.cursors[source] = batch.cursor
        return events, rejected


@asynccontextmanager
async def opened(town: Town, folder: Path) -> AsyncIterator[Stand]:
    clock: Any = SimpleNamespace(at=NOW)
    clock.now = lambda: clock.at
    faults = Faults([binding.id for binding in FEED.sources(town)])
    host = Host(clock, faults, folder)
    bindings = await FEED.open(town, host)
    host.start()
    try:
        yield Stand({binding.id: binding for binding in bindings}, faults, clock)
    finally:
        await host.close()


def test_cities_have_the_outlets_of_their_services() -> None:
    found = {name: [service for service, _ in outlets(Town(city(name), 1))] for name in ("hue", "dak_lak", "quang_tri")}
    assert found == {"hue": ["press"] * 3, "dak_lak": ["tourism"], "quang_tri": ["press"] * 3}
    assert all(row.simulated and "mô phỏng" in row.title_vi for row in FEED.sources(Town(city("hue"), 1)))


def test_seven_odd_dates_are_one_instant_to_the_adapter() -> None:
    body = "".join(
        f"<item><title>x</title><guid>https://a.example/{n}</guid><pubDate>{odd_date(NOW, 4 * n)}</pubDate></item>"
        for n in range(7)
    )
    feed = f'<rss version="2.0"><channel><title>x</title>{body}</channel></rss>'
    found = list(RSS.parse(feed.encode(), RSS.options.model_validate({"url": "x"}), datetime.fromtimestamp(NOW, UTC)))
    assert [row.time.timestamp() for row in found if isinstance(row, Event)] == [NOW] * 7


async def test_three_outlets_tell_the_same_stories(tmp_path: Path) -> None:
    async with opened(Town(city("hue"), 1), tmp_path) as stand:
        told = {source: (await stand.read(source))[0] for source in stand.bindings}
        numbers = []
        for source, events in told.items():
            assert 15 < len(events) <= 50
            assert all(NOW - 48 * 3600 < row.time.timestamp() <= NOW for row in events)
            assert {row.category for row in events} - {None}
            assert sum(row.category is None for row in events) < len(events) / 4
            levels = Counter(row.place_level for row in events)
            assert levels["ward"] > len(events) / 2
            assert levels["point"] == 0
            assert all(row.geometry is not None for row in events if row.place_level == "ward")
            numbers.append({int(str(row.url).split("tin-")[1].split(".")[0]) // 4 for row in events})
            assert source in stand.bindings
        assert len(numbers[0] & numbers[1]) > 3
        assert len(numbers[0] & numbers[2]) > 3
        stand.statuses.clear()
        for source in stand.bindings:
            assert await stand.read(source) == ([], Counter())
        assert stand.statuses == [304] * 3
        stand.clock.at += 5 * 3600
        again = [await stand.read(source) for source in stand.bindings]
        assert all(0 < len(events) < 15 and not rejected for events, rejected in again)


def test_in_a_flood_there_are_as_many_articles_about_it_as_the_scenario_says() -> None:
    flood, calm = flooded().part(Newsroom), Town(city("hue"), 1).part(Newsroom)
    span = (NOW - 2 * 3600, NOW + 4 * 3600)  # the height of the storm
    wet = sum(len(flood.articles(outlet, *span)) for outlet in OUTLETS)
    dry = sum(len(calm.articles(outlet, NOW - 9 * 86400, NOW)) for outlet in OUTLETS) / (9 * 4)
    assert 3 < wet / dry < 7
    topics = Counter(article.topic for outlet in OUTLETS for article in flood.articles(outlet, *span))
    assert topics["Thiên tai"] > sum(topics.values()) / 2


def test_the_same_seed_writes_the_same_and_in_any_order() -> None:
    one, same = (Town(city("hue"), 1).part(Newsroom) for _ in range(2))
    middle = NOW - 5 * 3600
    whole = one.articles(OUTLETS[0], NOW - 86400, NOW)
    late, early = same.articles(OUTLETS[0], middle, NOW), same.articles(OUTLETS[0], NOW - 86400, middle)
    assert whole == early + late
    numbers = [article.number for outlet in OUTLETS for article in one.articles(outlet, NOW - 14 * 86400, NOW)]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", ["hue", "dak_lak"])
async def test_history_ends_where_the_live_feed_begins(tmp_path: Path, name: str) -> None:
    town = Town(city(name), 1)
    files = FEED.history(town, tmp_path, NOW - 14 * 86400, NOW)
    async with opened(town, tmp_path) as stand:
        for source, (file, count) in files.items():
            found = list(recorded(RSS, options(stand.bindings[source]), [tmp_path / file]))
            assert not [row for row in found if isinstance(row, Rejected)]
            past = {row.id: (row.title, row.time) for row in found if isinstance(row, Event)}
            assert len(past) >= count > 20
            live = {row.id: (row.title, row.time) for row in (await stand.read(source))[0]}
            assert live.items() <= past.items()


async def test_articles_in_the_store(tmp_path: Path, writer: Writer, reader: Reader) -> None:
    async with opened(flooded(), tmp_path) as stand:
        await writer.register(list(stand.bindings.values()))
        total = 0
        for source in stand.bindings:
            events, _ = await stand.read(source)
            written = await writer.write(source, Batch(events))
            assert written.closes
            assert (await writer.write(source, Batch(events))).duplicate == len(events)
            total += written.stored
    end = datetime.fromtimestamp(NOW, UTC)
    view = View(city("hue").box, 600, 400, datetime.fromtimestamp(NOW - 2 * 86400, UTC), end)
    frame = reader.between("press", Event, view)
    assert len(frame) == total > 60
    assert set(frame["place_level"]) >= {"ward", "province"}


@pytest.mark.parametrize("fault", ["outage", "stall", "huge_line"])
async def test_a_feed_that_fails_is_said_in_one_line(tmp_path: Path, fault: str) -> None:
    async with opened(Town(city("hue"), 1), tmp_path) as stand:
        stand.faults.switch_on(f"{ODD}={fault}", NOW)
        stand.timeout_s = STALLED_S if fault == "stall" else HANG_S
        assert "\n" not in str(await fails(lambda: stand.read(ODD)))
        stand.timeout_s = HANG_S
        assert (await stand.read(OUTLETS[0].source))[0]


async def test_garbage_duplicates_late_and_skew(tmp_path: Path) -> None:
    async with opened(Town(city("hue"), 1), tmp_path) as stand:
        stand.faults.switch_on("all=duplicates", NOW)
        events, _ = await stand.read(ODD)
        assert len(events) == 2 * len({row.id for row in events})
        assert all(row.id.startswith("rss:dai-pho-thi.example/") for row in events)  # the guid still tells them apart
        stand.faults.switch_on("all=garbage", NOW)
        broken, rejected = await stand.read(OUTLETS[0].source)
        assert broken
        assert rejected["not_well_formed"] == 1
        stand.faults.switch_on("all=late", NOW)
        stand.clock.at += 6 * 3600
        held, _ = await stand.read(OUTLETS[1].source)
        assert all(row.time.timestamp() <= NOW for row in held)
        stand.faults.switch_off("all")
        assert (await stand.read(OUTLETS[1].source))[0]
        stand.faults.switch_on("all=skew:7200", stand.clock.at)
        stand.clock.at += 3 * 3600
        ahead, rejected = await stand.read(OUTLETS[1].source)
        assert rejected["date_ahead"] > 0
        assert all(row.time.timestamp() <= stand.clock.at for row in ahead)
