"""The simulated met office over real sockets: strict CAP, its life cycle in the store, its faults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from defusedxml import ElementTree

from geodata.city import SourceBinding, city
from geodata.records import Alert
from geodata.store.reader import Reader
from geodata.store.types import Batch, Cursor
from geodata.store.writer import Writer
from geodata.view import View
from sources.base import Context, protocol
from sources.http import client
from sources.intake import IntakePlan
from sources.recording import rows as recorded
from sources.runner import Runner
from sources.simulator.bulletin import xml
from sources.simulator.cap_push import Pusher
from sources.simulator.cap_server import Desk
from sources.simulator.faults import Faults
from sources.simulator.feeds.warnings import FEED, WARNINGS, bound, met_office
from sources.simulator.host import Host, IntakeAddress
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.patience import HANG_S, in_time
from tests.support.polls import STALLED_S, fails, works
from tests.support.ports import free_port

NOW = 1795222800.0  # 2026-11-21 08:00 in Huế
FLOOD = scenario("flood")


def flooded(name: str = "hue") -> Town:
    return Town(city(name), 1, FLOOD, NOW - 14 * 3600)


@dataclass
class Opened:
    """A met office whose pages are read by the real adapter, with its cursor kept."""

    binding: SourceBinding
    faults: Faults
    clock: Any
    statuses: list[int]
    cursor: Cursor | None = None
    timeout_s: float = HANG_S

    async def poll(self) -> list[Batch]:
        async def noted(response: Any) -> None:
            self.statuses.append(response.status_code)

        source = protocol("cap")
        options = source.options.model_validate(dict(self.binding.options))
        async with client(event_hooks={"response": [noted]}, timeout=self.timeout_s) as http:
            now = datetime.fromtimestamp(self.clock.now(), UTC)
            context = Context(http=http, service="warnings", clock=lambda: now)
            found = [batch async for batch in source.batches(options, context, self.cursor)]
        self.cursor = next((batch.cursor for batch in reversed(found) if batch.cursor), self.cursor)
        return found

    async def alerts(self) -> list[Alert]:
        return [row for batch in await self.poll() for row in batch.records if isinstance(row, Alert)]


@asynccontextmanager
async def opened(town: Town, folder: Path, at: float = NOW) -> AsyncIterator[Opened]:
    clock: Any = type("Still", (), {"at": at, "now": lambda self: self.at})()
    faults = Faults([WARNINGS])
    host = Host(clock, faults, folder)
    (binding,) = await FEED.open(town, host)
    host.start()
    try:
        yield Opened(binding, faults, clock, [])
    finally:
        await host.close()


ORDER = {
    "alert": ("identifier", "sender", "sent", "status", "msgType", "source", "scope", "restriction", "addresses",
              "code", "note", "references", "incidents", "info"),
    "info": ("language", "category", "event", "responseType", "urgency", "severity", "certainty", "audience",
             "eventCode", "effective", "onset", "expires", "senderName", "headline", "description", "instruction",
             "web", "contact", "parameter", "resource", "area"),
    "area": ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"),
    "eventCode": ("valueName", "value"), "parameter": ("valueName", "value"), "geocode": ("valueName", "value"),
}  # fmt: skip
NEEDED = {
    "alert": {"identifier", "sender", "sent", "status", "msgType", "scope"},
    "info": {"category", "event", "urgency", "severity", "certainty"},
    "area": {"areaDesc"},
}
WORDS = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met"},
    "responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


def assert_strict(element: Any) -> None:
    """The rules of the CAP 1.2 schema: order, what is needed, words, forms of times, rings and circles."""
    name = element.tag.removeprefix("{urn:oasis:names:tc:emergency:cap:1.2}")
    if name in ORDER:
        children = [child.tag.rpartition("}")[2] for child in element]
        assert children == sorted(children, key=ORDER[name].index)
        assert NEEDED.get(name, set()) <= set(children)
    text = element.text or ""
    if name in WORDS:
        assert text in WORDS[name]
    if name in {"sent", "effective", "onset", "expires"}:
        assert DATE.fullmatch(text)
    if name in {"identifier", "sender"}:
        assert text
        assert not re.search(r"[\s,<&]", text)
    if name == "references":
        assert all(len(triple.split(",")) == 3 and DATE.fullmatch(triple.split(",")[2]) for triple in text.split())
    if name == "polygon":
        pairs = text.split()
        assert len(pairs) >= 4
        assert pairs[0] == pairs[-1]
        assert all(-90 <= float(lat) <= 90 and -180 <= float(lon) <= 180 for lat, lon in (p.split(",") for p in pairs))
    if name == "circle":
        assert re.fullmatch(r"-?\d+(\.\d+)?,-?\d+(\.\d+)? \d+(\.\d+)?", text)
    for child in element:
        assert_strict(child)


@pytest.mark.parametrize("town", [Town(city("hue"), 1), Town(city("dak_lak"), 3), flooded(), flooded("dak_lak")])
def test_bulletins_are_strictly_valid(town: Town) -> None:
    office = town.part(met_office)
    assert office is not None
    cast = office.cast.office
    found = office.between(NOW - 40 * 86400, NOW + 4 * 86400)
    assert len({bulletin.identifier for bulletin in found}) == len(found) > 20
    for bulletin in found:
        body = xml(bulletin, cast.sender, (cast.sender_vi, cast.sender_en))
        assert_strict(ElementTree.fromstring(body))
    earlier = {(bulletin.identifier, bulletin.sent) for bulletin in found}
    for bulletin in found:
        if bulletin.sent > NOW - 38 * 86400:
            assert set(bulletin.references) <= earlier
            assert (bulletin.msg_type == "Alert") == (not bulletin.references)


def test_the_same_seed_is_the_same_office_and_another_is_not() -> None:
    one, same, other = (Town(city("hue"), seed).part(met_office) for seed in (1, 1, 2))
    assert one is not None
    assert same is not None
    assert other is not None
    span = (NOW - 20 * 86400, NOW)
    middle = NOW - 9 * 86400
    assert one.between(*span) == same.between(span[0], middle) + same.between(middle, span[1])
    assert one.between(*span) != other.between(*span)


def test_once_a_month_there_is_an_exercise() -> None:
    office = Town(city("hue"), 1).part(met_office)
    assert office is not None
    year = office.between(NOW - 365 * 86400, NOW)
    exercises = [bulletin for bulletin in year if bulletin.status == "Exercise" and bulletin.msg_type == "Alert"]
    assert 11 <= len(exercises) <= 13
    assert all(bulletin.vi.headline.startswith("DIỄN TẬP") for bulletin in exercises)


def test_rivers_go_through_their_alarms_in_a_flood() -> None:
    office = flooded().part(met_office)
    assert office is not None
    told = [b for b in office.between(NOW - 86400, NOW + 5 * 86400) if ".LUHUONG." in b.identifier]
    levels = [b.level for b in told if b.msg_type != "Cancel"]
    assert levels[:3] == [1, 2, 3]
    assert levels[-1] == 1
    assert told[-1].msg_type == "Cancel"
    assert max(after.sent - before.sent for before, after in pairwise(told)) <= 6 * 3600
    assert any("tránh trú" in b.vi.description for b in office.between(NOW - 86400, NOW))


def test_cities_without_the_service_have_no_office() -> None:
    assert FEED.sources(Town(city("quang_tri"), 1)) == []
    assert FEED.sources(Town(city("dong_ha"), 1)) == []
    assert [row.options["url"][-3:] for row in FEED.sources(Town(city("dak_lak"), 1))] == ["rss"]


@pytest.mark.parametrize("name", ["hue", "dak_lak"])
async def test_the_adapter_reads_it_and_asks_conditionally(tmp_path: Path, name: str) -> None:
    async with opened(flooded(name), tmp_path) as office:
        found = await office.alerts()
        assert len(found) > 8
        assert all(row.geometry is not None and row.expires and row.properties.get("hazard") for row in found)
        assert all(row.level for row in found if row.status == "Actual")
        assert not any(row.properties.get("faults") or row.properties.get("untranslated") for row in found)
        office.statuses.clear()
        assert await office.poll() == []
        assert office.statuses == [304]
        office.clock.at += 3 * 3600
        assert 0 < len(await office.alerts()) < 8


async def test_the_life_cycle_in_the_store(tmp_path: Path, writer: Writer, reader: Reader) -> None:
    """Of a story only the last message stands; after the flood none does: climweb#816, weather.gov#1321."""
    async with opened(flooded(), tmp_path) as office:
        await writer.register([office.binding])
        for hours in (0, 3, 6, 30):
            office.clock.at = NOW + hours * 3600
            for batch in await office.poll():
                written = await writer.write(WARNINGS, batch)
                assert written.closes
                assert not written.rejected

    def standing(hours: float) -> Any:
        end = datetime.fromtimestamp(NOW + hours * 3600, UTC)
        view = View(city("hue").box, 600, 400, end - timedelta(hours=1), end)
        return reader.latest("warnings", Alert, view)

    now = standing(6)
    stories = now["identifier"].str.rsplit(".", n=1).str[0]
    assert len(now) >= 4
    assert stories.is_unique
    assert now["level"].max() == 3
    assert len(standing(24 * 8)) == 0


async def test_history_ends_where_the_live_office_begins(tmp_path: Path) -> None:
    town = flooded()
    files = FEED.history(town, tmp_path, NOW - 14 * 86400, NOW)
    name, count = files[WARNINGS]
    source = protocol("cap")
    options = source.options.model_validate({"service": "warnings"})
    found = [row for row in recorded(source, options, [tmp_path / name]) if isinstance(row, Alert)]
    assert len(found) == count > 15
    async with opened(town, tmp_path) as office:
        live = {(row.identifier, row.sent): row for row in await office.alerts()}
    past = {(row.identifier, row.sent): row for row in found}
    shared = set(live) & set(past)
    assert shared  # and the store finds no other content under the same name
    assert all(replace(live[key], received_at=None) == replace(past[key], received_at=None) for key in shared)


@pytest.mark.parametrize("fault", ["outage", "stall", "garbage", "huge_line"])
async def test_a_feed_that_fails_is_said_in_one_line(tmp_path: Path, fault: str) -> None:
    async with opened(flooded(), tmp_path) as office:
        office.faults.switch_on(f"{WARNINGS}={fault}", NOW)
        office.timeout_s = STALLED_S if fault == "stall" else HANG_S
        assert "\n" not in str(await fails(office.poll))
        office.faults.switch_off(WARNINGS)
        office.timeout_s = HANG_S
        office.cursor = None
        assert len(await works(office.alerts)) > 8


async def test_duplicates_late_and_skew(tmp_path: Path) -> None:
    async with opened(flooded(), tmp_path) as office:
        office.faults.switch_on(f"{WARNINGS}=duplicates", NOW)
        first = await office.alerts()
        assert len({row.identifier for row in first}) == len(first)
        office.faults.switch_on(f"{WARNINGS}=late", NOW)
        office.clock.at += 4 * 3600
        assert await office.alerts() == []
        office.faults.switch_off(WARNINGS)
        assert await office.alerts()
        office.faults.switch_on(f"{WARNINGS}=skew:7200", office.clock.at)
        office.clock.at += 3 * 3600
        ahead = await office.alerts()
        assert ahead
        assert max(row.sent for row in ahead).timestamp() > office.clock.at
        office.faults.switch_off(WARNINGS)
        assert await office.alerts() == []  # what was stamped keeps its stamp


async def test_bulletins_are_pushed_through_the_intake(
    tmp_path: Path, writer: Writer, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office posts, the intake keeps, the adapter reads: what came so is not stored again from the index."""
    monkeypatch.setenv("VONGLAU_INTAKE_TOKEN", "s3cr3t")
    town = flooded()
    clock: Any = SimpleNamespace(at=NOW, now=lambda: NOW)
    faults = Faults([WARNINGS])
    office = town.part(met_office)
    assert office is not None
    desk = Desk(WARNINGS, office, faults, clock.now)
    port = free_port()
    binding = bound(office.cast.office, free_port(), "VONGLAU_INTAKE_TOKEN")  # nobody serves the index
    plan = IntakePlan(host="127.0.0.1", port=port, spool=tmp_path / "intake.sqlite")
    runner = Runner(writer, [binding], secret={"VONGLAU_INTAKE_TOKEN": "s3cr3t"}.get, intake=plan)
    task = asyncio.create_task(runner.run())
    pusher = Pusher(desk, IntakeAddress(f"http://127.0.0.1:{port}"))
    end = datetime.fromtimestamp(NOW, UTC)
    view = View(city("hue").box, 600, 400, end - timedelta(hours=1), end)
    try:
        async with httpx.AsyncClient() as http, in_time():
            while not await asyncio.to_thread(lambda: len(reader.latest("warnings", Alert, view))):
                await pusher.look(http)
                await asyncio.sleep(0.1)
    finally:
        runner.stop()
        await task
    frame = reader.latest("warnings", Alert, view)
    assert set(frame["identifier"]) <= {bulletin.identifier for bulletin in desk.shown()}
    assert frame["sent"].max().timestamp() > NOW - 3600
