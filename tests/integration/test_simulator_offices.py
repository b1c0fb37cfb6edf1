"""The offices' tables, read by the real adapter over sockets and folders, replayed into a real store, under faults."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from geodata.catalogue import service
from geodata.city import SourceBinding, cities, city
from geodata.records import Event, Observation, Record, Rejected, ServiceRequest, Thing
from geodata.store.types import Batch, Cursor
from sources._table_header import is_total
from sources.base import Context, SourceError, protocol
from sources.recording import rows
from sources.simulator.clock import DAY_S, SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feed import Feed, feeds
from sources.simulator.feeds import (
    offices_cards,
    offices_health,
    offices_order,
    offices_questions,
    offices_schools,
    offices_services,
)
from sources.simulator.host import Host
from sources.simulator.office_cards import hourly
from sources.simulator.office_sheet import NOTHING
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.patience import HANG_S, in_time
from tests.support.polls import STALLED_S
from tests.support.sync_store import SyncStore

FRIDAY = 1795158000.0  # 2026-11-20T14:00 in Huế
TABLES = protocol("table")
WHOLE = ("hue", "quang_tri", "dak_lak")
"""Cities whose tables are the largest; of the others four days are enough."""

FLOODED = (
    offices_schools.DAILY,
    offices_health.DAILY,
    offices_services.DAILY,
    offices_questions.QUESTIONS,
    offices_order.ORDER,
    offices_order.ROADS,
)
OFFICES: Mapping[str, Feed] = {name: feed for name, feed in feeds().items() if name.startswith("offices_")}


@dataclass
class Running:
    """Feeds at a clock that stands still; cursors and memories are kept as an ingest keeps them."""

    host: Host
    bindings: list[SourceBinding]
    http: httpx.AsyncClient
    at: list[float]
    cursors: dict[str, Cursor | None] = field(default_factory=dict)
    memories: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def poll(self, binding: SourceBinding) -> tuple[list[Record], list[Rejected]]:
        context = Context(
            http=self.http,
            service=binding.service,
            clock=lambda: datetime.fromtimestamp(self.at[0], UTC),
            memory=self.memories.setdefault(binding.id, {}),
        )
        records: list[Record] = []
        rejected: list[Rejected] = []
        async for batch in TABLES.batches(options(binding), context, self.cursors.get(binding.id)):
            self.cursors[binding.id] = batch.cursor or self.cursors.get(binding.id)
            records += batch.records
            rejected += batch.rejected
        return records, rejected

    async def until(
        self, binding: SourceBinding, *, fails: bool, count: int | None = None
    ) -> tuple[list[Record], list[Rejected]]:
        """Polls anew until it fails, or works and says something (or so many records)."""
        async with in_time():
            while True:
                self.cursors.pop(binding.id, None)
                self.memories.pop(binding.id, None)
                try:
                    found = await self.poll(binding)
                except SourceError:
                    if fails:
                        return [], []
                else:
                    if not fails and found[0] and len(found[0]) == (count or len(found[0])):
                        return found
                await asyncio.sleep(0.05)


def options(binding: SourceBinding) -> Any:
    return TABLES.options.model_validate({**binding.options, "service": binding.service, "settle_s": 0})


@asynccontextmanager
async def running(town: Town, folder: Path, *names: str) -> AsyncIterator[Running]:
    at = [FRIDAY]
    opened = [OFFICES[name] for name in names or OFFICES]
    host = Host(SimulatedClock(real=lambda: at[0]), Faults([b.id for f in opened for b in f.sources(town)]), folder)
    bindings = [binding for feed in opened for binding in await feed.open(town, host)]
    host.start()
    try:
        async with httpx.AsyncClient(timeout=HANG_S) as http:
            yield Running(host, bindings, http, at)
    finally:
        await host.close()


def bare(records: list[Any]) -> set[str]:
    return {repr(replace(row, received_at=None)) for row in records}


def catalogued(name: str, records: list[Any]) -> None:
    """Every property, unit, word, category is the catalogue's; every value lies within its limits."""
    known = service(name)
    for row in records:
        if isinstance(row, Observation):
            entry = known.observed_property(row.observed_property)
            assert entry is not None, row
            assert row.unit == entry.unit
            if entry.unit is None:
                assert row.result in entry.words
            else:
                assert isinstance(row.result, float | int)
                assert entry.minimum is not None
                assert entry.maximum is not None
                assert entry.minimum <= row.result <= entry.maximum, row
        elif isinstance(row, Thing | Event):
            assert row.category is not None
            assert known.category(row.category), row
            assert row.geometry is not None
        elif isinstance(row, ServiceRequest):
            assert known.category(row.service_code), row
            assert row.geometry is not None
            assert row.expected_datetime is not None


@pytest.mark.parametrize("name", sorted(cities()))
async def test_every_table_of_every_city_through_the_adapter(name: str, tmp_path: Path) -> None:
    town = Town(city(name), 1)
    total = 0
    async with running(town, tmp_path) as live:
        for binding in live.bindings:
            records, rejected = await live.until(binding, fails=False)
            assert not [row for row in rejected if row.payload], binding.id
            catalogued(binding.service, records)
            assert binding.owner
            assert binding.operator
        begun = FRIDAY - (14 if name in WHOLE else 4) * DAY_S
        files = {k: v for feed in OFFICES.values() for k, v in feed.history(town, tmp_path, begun, FRIDAY).items()}
        assert set(files) == {binding.id for binding in live.bindings}
        for binding in live.bindings:
            past = list(rows(TABLES, options(binding), [tmp_path / files[binding.id][0]]))
            good = [row for row in past if not isinstance(row, Rejected)]
            assert not [row for row in past if isinstance(row, Rejected) and row.payload], binding.id
            assert all(row.received_at is not None and row.received_at.timestamp() <= FRIDAY for row in good)
            catalogued(binding.service, good)
            total += len(bare(good))
    wanted = {"staff_cards", "public_services", "citizen_questions", "health", "education", "tourism", "public_order",
              "government_performance", "population", "traffic"}  # fmt: skip
    assert {b.service for b in live.bindings} == {one for one in wanted if town.runs(one)}
    assert 2_000 < total <= 15_000


async def test_history_and_live_agree_in_the_store(store: SyncStore, tmp_path: Path) -> None:
    """Twice the past and then the live tables: sums close, nothing is in conflict, and nothing new but what is new."""
    town = Town(city("hue"), 1)
    async with running(town, tmp_path, "offices_cards", "offices_services", "offices_order") as live:
        for feed in (offices_cards.FEED, offices_services.FEED, offices_order.FEED):
            files = feed.history(town, tmp_path, FRIDAY - 4 * DAY_S, FRIDAY)
            for binding in feed.sources(town):
                past = list(rows(TABLES, options(binding), [tmp_path / files[binding.id][0]]))
                good = [row for row in past if not isinstance(row, Rejected)]
                first = await asyncio.to_thread(store.write, binding, Batch(good))
                again = await asyncio.to_thread(store.write, binding, Batch(good))
                assert first.stored + first.duplicate == len(good), (binding.id, first)
                assert (again.stored, again.rejected) == (0, {}), binding.id
        for binding in live.bindings:
            records, _ = await live.until(binding, fails=False)
            found = await asyncio.to_thread(store.write, binding, Batch(records))
            assert found.rejected == {}, binding.id
            assert found.stored + found.duplicate == len(records)
            if binding.id in {"simulated_public_services", "simulated_staff_days"}:
                assert found.stored < len(records)


def test_no_count_of_too_few_people_is_told() -> None:
    town = Town(city("hue"), 1)
    told = Counter(row["Có mặt"] for _, row in hourly(town, FRIDAY - DAY_S, FRIDAY))
    assert not set(told) & {1, 2, 3, 4}
    assert told[NOTHING] > 0
    assert told[0] > 0
    assert max(count for count in told if isinstance(count, int)) > 50


def test_a_flood_closes_schools_and_fills_hospitals() -> None:
    calm, flood = Town(city("quang_tri"), 1), Town(city("quang_tri"), 1, scenario("flood"), FRIDAY - 14 * 3600)
    seen: dict[str, list[Any]] = {}
    for name, town in (("calm", calm), ("flood", flood)):
        found = {
            sheet.source: [row for _, row in sheet.known(town, FRIDAY - 12 * 3600, FRIDAY + 10 * 3600)]
            for sheet in FLOODED
        }
        seen[name] = [
            sum(row["Trạng thái"] != "Học bình thường" for row in found["simulated_education"]),
            sum(row["Cấp cứu"] for row in found["simulated_health"] if row["Cấp cứu"] != NOTHING),
            sum(row["Tiếp nhận"] for row in found["simulated_public_services"]),
            sum(row["linh_vuc"]["ma"] == "dien_nuoc_vien_thong" for row in found["simulated_citizen_questions"]),
            sum(row["loai"] == "cuu_nan" for row in found["simulated_public_order"]),
            sum(row["loai"] == "ngap_duong" for row in found["simulated_road_incidents"]),
        ]
    closed, urgent, received, power, rescue, roads = zip(seen["calm"], seen["flood"], strict=True)
    assert closed[0] == 0
    assert closed[1] > 20
    assert urgent[1] > 1.5 * urgent[0]
    assert received[1] < 0.6 * received[0]
    assert power[1] > 4 * max(power[0], 1)
    assert rescue[1] > rescue[0] + 5
    assert roads[1] > roads[0] + 5


async def test_unchanged_tables_are_not_sent_again(tmp_path: Path) -> None:
    async with running(Town(city("hue"), 1), tmp_path, "offices_cards", "offices_services") as live:
        for binding in live.bindings:
            await live.until(binding, fails=False)
            assert (await live.poll(binding)) == ([], []), binding.id
        url = str(live.bindings[0].options["url"])
        etag = (await live.http.get(url)).headers["etag"]
        assert (await live.http.get(url, headers={"If-None-Match": etag})).status_code == 304
        live.at[0] += 3600
        records, _ = await live.poll(live.bindings[0])
        assert Counter(type(row) for row in records)[Thing] == 81


async def test_every_fault_shows(tmp_path: Path) -> None:
    async with running(Town(city("hue"), 1), tmp_path, "offices_services") as live:
        book, folder, pages = live.bindings
        for binding in (book, folder, pages):
            good, _ = await live.until(binding, fails=False)
            live.host.faults.switch_on(f"{binding.id}=duplicates", FRIDAY)
            await live.until(binding, fails=False, count=2 * len(good))
            if binding is not folder:
                for fault in ("garbage", "stall", "huge_line", "outage"):
                    live.host.faults.switch_on(f"{binding.id}={fault}", FRIDAY)
                    live.http.timeout = STALLED_S if fault == "stall" else HANG_S
                    await live.until(binding, fails=True)
            else:
                live.host.faults.switch_on(f"{binding.id}=outage", FRIDAY)
                await live.until(binding, fails=True)
            live.host.faults.switch_off("all")
            await live.until(binding, fails=False, count=len(good))
        live.host.faults.switch_on(f"{pages.id}=skew:7200", FRIDAY)
        ahead, _ = await live.until(pages, fails=False)
        newest = max(row.updated_datetime.timestamp() for row in ahead if isinstance(row, ServiceRequest))
        assert newest > FRIDAY
        live.host.faults.switch_on(f"{pages.id}=late", FRIDAY)
        live.at[0] += 7200
        held, _ = await live.until(pages, fails=False)
        assert all(row.updated_datetime.timestamp() <= FRIDAY for row in held if isinstance(row, ServiceRequest))


async def test_the_workbook_has_what_offices_put_in(tmp_path: Path) -> None:
    """Seen with a reader that is not ours: a title, merged groups, merged days, a total; the same file every time."""
    town = Town(city("hue"), 1)
    sheet = offices_services.DAILY
    known = [row for _, row in sheet.known(town, FRIDAY - 3 * DAY_S, FRIDAY)]
    assert sheet.body(known) == sheet.body(known)
    (tmp_path / "a.xlsx").write_bytes(sheet.body(known))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    merged = {str(area) for area in page.merged_cells.ranges}
    assert {"E4:G4", "H4:I4"} <= merged
    assert any(area.startswith("B6:B") for area in merged)
    assert page.cell(page.max_row - 1, 2).value == "Tổng cộng"


def test_the_same_seed_is_the_same_past(tmp_path: Path) -> None:
    bodies = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        files = OFFICES["offices_cards"].history(Town(city("hue"), 7), tmp_path / name, FRIDAY - 2 * DAY_S, FRIDAY)
        bodies.append(json.dumps({k: (tmp_path / name / file).read_bytes().hex() for k, (file, _) in files.items()}))
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("first", "total"),
    [("Tổng cộng", True), ("Cộng", True), ("Tổng cộng toàn tỉnh", True), ("Công an phường Vỹ Dạ", False),
     ("Công ty Điện lực Huế", False), ("Tổng công ty Bưu điện", False), ("cong_vien", False)],
)  # fmt: skip
def test_an_office_whose_name_looks_like_a_sum_is_none(first: str, *, total: bool) -> None:
    assert is_total(["", first, 1, 2]) is total
