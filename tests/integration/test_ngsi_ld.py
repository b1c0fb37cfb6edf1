"""A context broker and its notifications, over real sockets into a real store: subscribed, lost, repaired, renewed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any

import httpx
import psycopg
import pytest

from geodata.city import SourceBinding, city
from geodata.records import Observation, Thing
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources.base import Context, protocol
from sources.intake import IntakePlan
from sources.recording import replay
from sources.runner import Runner
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds import utilities_ngsi
from sources.simulator.feeds.utilities_ngsi import FEED, SOURCE
from sources.simulator.host import Host, IntakeAddress
from sources.simulator.ngsi_broker import BrokerHandler
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from sources.simulator.utilities import STEP_S, Kind, utilities
from tests.conftest import Dsn
from tests.support.kit import PAYLOADS
from tests.support.patience import HANG_S
from tests.support.polls import fails, works

TOKEN_ENV, TOKEN = "NGSI_TEST_TOKEN", "s3cr3t-9f1b"
CITY = Bounds(100, 8, 115, 24)


@dataclass
class Simulated:
    host: Host
    binding: SourceBinding

    def switch(self, kind: str | None) -> None:
        if kind is None:
            self.host.faults.switch_off(SOURCE)
        else:
            self.host.faults.switch_on(f"{SOURCE}={kind}", self.host.now())

    @property
    def url(self) -> str:
        return f"{self.binding.options['url']}/ngsi-ld/v1"


@pytest.fixture(scope="module")
def town() -> Town:
    found = Town(city("quang_tri"), 1)
    found.part(utilities)
    return found


@asynccontextmanager
async def simulated(town: Town, folder: Path, *, notified: bool = True) -> AsyncIterator[Simulated]:
    address = IntakeAddress("http://127.0.0.1:9", TOKEN_ENV) if notified else None
    host = Host(SimulatedClock(), Faults([SOURCE]), folder, intake=address)
    (binding,) = await FEED.open(town, host)
    host.start()
    try:
        yield Simulated(host, binding)
    finally:
        await host.close()


@asynccontextmanager
async def ingesting(writer: Writer, folder: Path, binding: SourceBinding, **options: Any) -> AsyncIterator[Runner]:
    own = binding.model_copy(update={"options": {**binding.options, **options}})
    plan = IntakePlan(host="127.0.0.1", port=0, spool=folder / "intake.sqlite")
    runner = Runner(writer, [own], secret={TOKEN_ENV: TOKEN}.get, intake=plan)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await task


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = HANG_S) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


def rows(dsn: Dsn, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn("read")) as connection:
        return connection.execute(query).fetchall()


async def polled(source: Simulated, **more: Any) -> list[Any]:
    """One look without an intake."""
    adapter = protocol("ngsi_ld")
    options = adapter.options.model_validate({**source.binding.options, **more})
    async with httpx.AsyncClient() as http:
        context = Context(http=http, service=source.binding.service)
        return [
            row async for batch in adapter.batches(options, context, None) for row in (*batch.records, *batch.rejected)
        ]


async def test_the_broker_is_read_whole_without_an_intake(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path, notified=False) as source:
        assert source.binding.options["subscribe"] is False
        found = await polled(source, page_size=7)
    assert not [row for row in found if not isinstance(row, Thing | Observation)]
    things = [row for row in found if isinstance(row, Thing)]
    assert len(things) == 74
    assert {row.category for row in things} == {"pump", "drainage", "water_supply", "solid_waste", "truck"}
    assert all(row.geometry is not None and row.name for row in things)
    measured = [row for row in found if isinstance(row, Observation)]
    units = {(row.observed_property, row.unit) for row in measured}
    assert units >= {("power", "kW"), ("flow", "m3/h"), ("drain_level", "m"), ("bin_fill", "%"), ("pump_state", None)}
    assert {row.result for row in measured if row.observed_property == "status"} <= {"on", "off", "fault"}
    assert all(timedelta(0) <= datetime.now(UTC) - row.phenomenon_time < timedelta(minutes=16) for row in measured)


async def test_types_are_asked_for_where_none_are_named(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path, notified=False) as source:
        found = await polled(source, types={})
    assert len({row.id for row in found if isinstance(row, Thing)}) == 74
    assert all(row.category for row in found if isinstance(row, Thing))


async def test_the_broker_answers_as_specified(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path) as source, httpx.AsyncClient(base_url=source.url) as http:
        full = await http.get(
            "/entities", params={"type": "Pump", "q": 'activePower>=0;operationalStatus!="x"', "limit": 4}
        )
        assert len(full.json()) == 4
        counted = await http.get("/entities", params={"type": "Pump,DrainageGate", "count": "true", "offset": 10})
        assert (counted.headers["NGSILD-Results-Count"], len(counted.json())) == ("12", 2)
        one = full.json()[0]
        assert (await http.get(f"/entities/{one['id']}")).json()["name"] == one["name"]
        flat = await http.get("/entities", params={"id": one["id"], "options": "keyValues"})
        assert isinstance(flat.json()[0]["activePower"], float)
        concise = await http.get("/entities", params={"id": one["id"], "options": "concise,sysAttrs"})
        assert "observedAt" in concise.json()[0]["activePower"]
        assert (await http.get("/entities")).status_code == 400
        assert (await http.get("/entities", params={"q": "what is this"})).status_code == 400
        assert (await http.get("/entities/urn:x")).status_code == 404
        assert (await http.get("/subscriptions/urn:x")).status_code == 404
        assert (await http.post("/subscriptions", json={"type": "Subscription"})).status_code == 400
        assert (await http.post("/subscriptions", content=b"{")).status_code == 400


async def test_subscribed_notified_and_stored(
    town: Town, writer: Writer, dsn: Dsn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utilities_ngsi, "TICK_S", 0.1)
    monkeypatch.setitem(STEP_S, Kind.GAUGE, 1.0)
    async with simulated(town, tmp_path) as source, ingesting(writer, tmp_path, source.binding, poll_s=600) as runner:
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, "select count(*) from observation")[0][0] > 250))
        async with httpx.AsyncClient() as http:
            (held,) = (await http.get(f"{source.url}/subscriptions")).json()
        assert runner.intake is not None
        assert held["notification"]["endpoint"]["uri"] == runner.intake.endpoint(SOURCE)
        assert held["notification"]["timesSent"] > 0
        assert held["notification"]["timesFailed"] == 0
        assert held["status"] == "active"
    received, stored, duplicate, rejected = rows(dsn, "select received, stored, duplicate, rejected from source_live")[
        0
    ]
    assert received == stored + duplicate + sum((rejected or {}).values())
    assert stored > 74
    assert not rejected


async def test_a_lost_notification_is_found_by_the_next_look_and_a_double_is_a_duplicate(
    town: Town, writer: Writer, reader: Reader, dsn: Dsn, tmp_path: Path
) -> None:
    """The broker tells one thing twice and another never; the look at it mends that, and doubles nothing."""
    async with simulated(town, tmp_path) as source, ingesting(writer, tmp_path, source.binding, poll_s=1.0) as runner:
        held = "select received, duplicate from source_live"
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, "select count(*) from thing")[0][0] == 74))
        entity = {
            "id": "urn:ngsi-ld:Pump:vonglau:001",
            "type": "Pump",
            "flowRate": {"type": "Property", "value": 7.0, "unitCode": "MQH", "observedAt": "2026-11-20T01:00:00Z"},
        }
        body = {"id": "urn:n:1", "type": "Notification", "notifiedAt": "2026-11-20T01:00:00Z", "data": [entity]}
        assert runner.intake is not None
        headers = {"Authorization": f"Bearer {TOKEN}"}
        before = rows(dsn, held)[0]
        async with httpx.AsyncClient() as http:
            for _ in range(2):
                reply = await http.post(runner.intake.endpoint(SOURCE), json=body, headers=headers)
                assert reply.status_code == 202
        late = "select count(*) from observation where phenomenon_time = '2026-11-20T01:00:00Z'"
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, late)[0][0] == 1))
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, held)[0][1] > before[1]))
        source.switch("stall")  # notifications stop, and so does the API
        await asyncio.sleep(1.2)
        source.switch(None)
        now = datetime.now(UTC)
        view = View(CITY, 100, 100, now - timedelta(days=2), now + timedelta(minutes=1))

        async def newest() -> bool:
            frame = await asyncio.to_thread(reader.latest, "public_utilities", Observation, view)
            gauges = frame[frame["category"] == "water_supply"]
            return bool(len(gauges) == 36 and (datetime.now(UTC) - gauges["time"]).max() < timedelta(seconds=90))

        await until(newest)


async def test_an_entity_that_is_gone_is_told_after_two_looks(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path, notified=False) as source:
        adapter = protocol("ngsi_ld")
        options = adapter.options.model_validate({**source.binding.options, "types": {"Pump": "pump"}})
        async with httpx.AsyncClient() as http:
            context = Context(http=http, service="public_utilities")
            looks = []
            for n in range(4):
                if n == 1:
                    context.memory["seen"]["urn:gone"] = b"as it was"
                looks.append([row async for b in adapter.batches(options, context, None) for row in b.records])
    told = [[row for row in look if row.id == "urn:gone"] for look in map(things_of, looks)]
    assert [len(rows) for rows in told] == [0, 0, 1, 0]
    assert told[2][0].properties == {"deleted": True}


def things_of(look: list[Any]) -> list[Thing]:
    return [row for row in look if isinstance(row, Thing)]


async def test_a_subscription_that_the_broker_forgot_is_made_anew(town: Town, writer: Writer, tmp_path: Path) -> None:
    async with (
        simulated(town, tmp_path) as source,
        httpx.AsyncClient(base_url=source.url) as http,
        ingesting(writer, tmp_path, source.binding, poll_s=0.3),
    ):

        async def held() -> list[Any]:
            return list((await http.get("/subscriptions")).json())

        (first,) = await until(held)
        await http.patch(f"/subscriptions/{first['id']}", json={"isActive": False})
        await until(lambda: _active(held))
        await http.delete(f"/subscriptions/{first['id']}")
        (again,) = await until(held)
        assert again["id"] == first["id"], "the same door is the same subscription"
        soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        await http.patch(f"/subscriptions/{first['id']}", json={"expiresAt": soon})

        async def renewed() -> bool:
            (one,) = await held()
            return bool(one["expiresAt"] > (datetime.now(UTC) + timedelta(hours=12)).isoformat())

        await until(renewed)


async def _active(held: Callable[[], Awaitable[list[Any]]]) -> bool:
    return bool((await held())[0]["isActive"])


async def test_a_broker_that_takes_no_subscription_is_polled(
    town: Town,
    writer: Writer,
    dsn: Dsn,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def forbidden(self: BrokerHandler, _: str = "") -> None:
        await self.problem(403, "OperationNotSupported", "no subscriptions here")

    monkeypatch.setattr("sources.simulator.ngsi_broker.SubscriptionsHandler.post", forbidden)
    async with simulated(town, tmp_path) as source, ingesting(writer, tmp_path, source.binding, poll_s=0.3):
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, "select count(*) from thing")[0][0] == 74))
        await asyncio.sleep(1)
    assert caplog.text.count("polling alone") == 1


async def test_a_cut_api_does_not_stop_notifications(writer: Writer, dsn: Dsn, tmp_path: Path) -> None:
    dead = SourceBinding(
        id=SOURCE, protocol="ngsi_ld", service="public_utilities", title_vi="x", title_en="x",
        options={"url": "http://127.0.0.1:9", "poll_s": 0.2},
    )  # fmt: skip
    async with ingesting(writer, tmp_path, dead, poll_s=5.0) as runner, httpx.AsyncClient() as http:
        await until(lambda: asyncio.sleep(0, runner.intake is not None and bool(runner.feeds)))
        assert runner.intake is not None
        body = (PAYLOADS / "ngsi_ld" / "good_v2_normalized.json").read_bytes()
        for _ in range(3):
            assert (await http.post(runner.intake.endpoint(SOURCE), content=body)).status_code == 202
        await until(lambda: asyncio.to_thread(lambda: rows(dsn, "select count(*) from thing")[0][0] == 1))


@pytest.mark.parametrize("kind", ["outage", "garbage"])
async def test_a_fault_is_the_feeds_own_word(town: Town, tmp_path: Path, kind: str) -> None:
    async with simulated(town, tmp_path, notified=False) as source:
        source.switch(kind)
        await fails(lambda: polled(source))
        source.switch(None)
        assert await works(lambda: polled(source))


async def test_late_and_skewed(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path, notified=False) as source:
        source.switch("skew:7200")
        ahead = [row for row in await polled(source) if isinstance(row, Observation)]
        assert min(row.phenomenon_time for row in ahead) > datetime.now(UTC) + timedelta(minutes=100)
        source.switch("late")
        first = await polled(source)
        assert len(first) == len(await polled(source))


async def test_the_recording_is_small_and_loads(town: Town, writer: Writer, tmp_path: Path) -> None:
    end = time()
    files = FEED.history(town, tmp_path, end - 14 * 86400, end)
    (binding,) = FEED.sources(town)
    await writer.register([binding])
    done = await replay(writer, binding, [tmp_path / files[SOURCE][0]])
    assert 5_000 < done.received < 40_000
    assert done.closes
    assert not done.rejected


def test_a_storm_stops_trucks_and_raises_the_water(town: Town) -> None:
    wet = Town(town.city, 1, scenario("flood"), begun=0.0)
    calm, flooded = town.part(utilities), wet.part(utilities)
    height = 15 * 3600.0  # local 22:00 of day 0, the height of the storm
    assert calm.assets == flooded.assets
    gates = [asset for asset in calm.assets if asset.kind is Kind.GATE]
    level = [(calm.values(g, height)["waterLevel"][0], flooded.values(g, height)["waterLevel"][0]) for g in gates]
    assert all(float(wet) > float(dry) + 1 for dry, wet in level)
    trucks = [asset for asset in calm.assets if asset.kind is Kind.TRUCK]
    assert all(flooded.place(truck, 11 * 3600.0) == truck.place for truck in trucks)
    assert any(calm.place(truck, 11 * 3600.0) != truck.place for truck in trucks)
