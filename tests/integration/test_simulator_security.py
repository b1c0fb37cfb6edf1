"""The simulated city's sites over real sockets: read by the adapters, under every fault, into a real store."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from geodata.catalogue import service
from geodata.city import SourceBinding, city
from geodata.records import Event, Observation, Record, Rejected, Thing
from geodata.store.types import Batch
from geodata.store.writer import Writer
from sources._binding import adapter
from sources.base import Context, Garbled, SourceError, Unreachable
from sources.intake import IntakePlan
from sources.recording import replay, rows
from sources.runner import Runner
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds import security
from sources.simulator.host import Host, IntakeAddress
from sources.simulator.scenario import scenario
from sources.simulator.security_bindings import alertmanager, watch
from sources.simulator.town import Town
from tests.conftest import Dsn
from tests.support.patience import in_time

FLOOD = Town(city("hue"), 1, scenario("flood"), begun=time.time() - 15 * 3600)
POLLED = ("simulated_sites", "simulated_alerts", "simulated_soc", "simulated_kuma", "simulated_gatus")
EVERY = (*POLLED, "simulated_probe")
CASES = {prop.id: prop for prop in service("information_security").observed_properties}


@dataclass
class Sites:
    """The running feed. ``read`` is one poll of the source's own adapter."""

    host: Host
    bindings: dict[str, SourceBinding]

    def switch(self, text: str) -> None:
        self.host.faults.switch_on(text, self.host.now())

    async def read(
        self, source: str, *, timeout_s: float = 10, options: Mapping[str, Any] | None = None
    ) -> tuple[list[Record], Counter[str]]:
        binding = self.bindings[source]
        protocol, chosen = adapter(binding.model_copy(update={"options": {**binding.options, **(options or {})}}))
        async with httpx.AsyncClient(timeout=timeout_s) as http:
            context = Context(http=http, service=binding.service)
            iterator = protocol.batches(chosen, context, None)
            try:
                batch = await anext(iterator)
            finally:
                await iterator.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators
        return list(batch.records), Counter(row.reason for row in batch.rejected)


@asynccontextmanager
async def running(town: Town, folder: Path, intake: IntakeAddress | None = None) -> AsyncIterator[Sites]:
    faults = Faults([binding.id for binding in security.FEED.sources(town)])
    host = Host(SimulatedClock(), faults, folder, intake=intake)
    bindings = {binding.id: binding for binding in await security.FEED.open(town, host)}
    host.start()
    try:
        yield Sites(host, bindings)
    finally:
        await host.close()


@pytest.fixture
async def sites(tmp_path: Path) -> AsyncIterator[Sites]:
    async with running(FLOOD, tmp_path) as found:
        yield found


def results(found: Sequence[Record], name: str) -> dict[str, Any]:
    return {row.thing_id: row.result for row in found if isinstance(row, Observation) and row.observed_property == name}


async def test_every_source_is_read_whole(sites: Sites) -> None:
    """Known properties, plausible values, places inside the city, nothing rejected but what is not for us."""
    west, south, east, north = city("hue").bounds
    for source in EVERY:
        found, rejected = await sites.read(source)
        assert found, source
        assert set(rejected) <= {"histogram", "unused_metric"}, (source, rejected)
        for row in found:
            if isinstance(row, Observation):
                known = CASES[row.observed_property]
                assert not known.words or row.result in known.words
            elif isinstance(row, Thing) and source != "simulated_soc":
                assert row.geometry is not None
                assert west < row.geometry.bounds[0] < east
                assert south < row.geometry.bounds[1] < north
            elif isinstance(row, Event):
                assert row.category != "other"
                assert row.severity is not None


async def test_in_a_flood_lines_fail_before_the_wards_behind_them(sites: Sites) -> None:
    states = results((await sites.read("simulated_sites"))[0], "up")
    assert len(states) == 84
    assert 5 < list(states.values()).count("down") < 70
    found, _ = await sites.read("simulated_alerts")
    events = [row for row in found if isinstance(row, Event)]
    parents = {str(event.thing_id).removeprefix("site:") for event in events if "mất kết nối" in str(event.title)}
    children = [event for event in events if event.properties.get("parent") in parents]
    assert parents
    assert len(children) >= 3 * len(parents)
    calm = Town(city("hue"), 1)
    assert len(calm.part(watch).down(time.time())) < 8


async def test_certificates_and_names_are_seen_as_they_are(sites: Sites) -> None:
    found, _ = await sites.read("simulated_probe")
    assert sorted(results(found, "certificate").values()) == ["expired", "valid", "valid", "wrong_host"]
    days = sorted(round(value) for value in results(found, "certificate_days").values())
    assert days == [-2, 6, 40, 70]
    assert set(results(found, "dns").values()) == {"as_expected"}
    assert set(results(found, "tls_version").values()) == {"TLSv1.3"}
    assert set(results(found, "http_status").values()) <= {"200"}


def quick(source: str) -> dict[str, Any]:
    """Options under which a probe of what does not answer is soon over."""
    return {"timeout_s": 0.5} if source == "simulated_probe" else {}


@pytest.mark.parametrize("source", EVERY)
async def test_outage_and_recovery(sites: Sites, source: str) -> None:
    options = quick(source)
    sites.switch(f"{source}=outage")
    await until(sites, source, options, up=False)
    sites.host.faults.switch_off(source)
    await until(sites, source, options, up=True)


async def until(sites: Sites, source: str, options: Mapping[str, Any], *, up: bool) -> None:
    async with in_time():
        while True:
            try:
                await sites.read(source, options=options)
            except Unreachable:
                if not up:
                    return
            else:
                if up:
                    return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("source", ["simulated_sites", "simulated_alerts", "simulated_kuma", "simulated_gatus"])
async def test_garbage_is_the_feeds_failure(sites: Sites, source: str) -> None:
    sites.switch(f"{source}=garbage")
    with pytest.raises(Garbled):
        await sites.read(source)


async def test_a_text_that_is_not_utf8_is_garbage(sites: Sites) -> None:
    sites.switch("simulated_soc=garbage")
    with pytest.raises(Garbled, match="UTF-8"):
        await sites.read("simulated_soc")


async def test_a_site_that_speaks_no_http_is_down_and_its_certificate_is_seen(sites: Sites) -> None:
    sites.switch("simulated_probe=garbage")
    found, _ = await sites.read("simulated_probe")
    assert set(results(found, "up").values()) == {"down"}
    assert len(results(found, "certificate")) == 4


@pytest.mark.parametrize("source", POLLED)
async def test_a_stall_ends_in_time(sites: Sites, source: str) -> None:
    sites.switch(f"{source}=stall")
    with pytest.raises(SourceError):
        async with in_time():
            await sites.read(source, timeout_s=0.4)


async def test_sites_that_take_a_request_and_never_answer_are_down_in_time(sites: Sites) -> None:
    sites.switch("simulated_probe=stall")
    async with in_time():
        found, _ = await sites.read("simulated_probe", options=quick("simulated_probe"))
    assert set(results(found, "up").values()) == {"down"}


@pytest.mark.parametrize("source", ["simulated_kuma", "simulated_gatus"])
async def test_late_beats_come_with_their_own_times(sites: Sites, source: str) -> None:
    sites.switch(f"{source}=late")
    assert sites.host.faults.held_at(source, time.time() + 600) < time.time() + 1
    found, _ = await sites.read(source)
    assert max(row.phenomenon_time for row in found if isinstance(row, Observation)) <= datetime.now(UTC)


async def test_a_clock_ahead_shows_in_the_times(sites: Sites) -> None:
    sites.switch("simulated_sites=skew:3600")
    found, _ = await sites.read("simulated_sites")
    ahead = [row.phenomenon_time - datetime.now(UTC) for row in found if isinstance(row, Observation)]
    assert all(timedelta(minutes=59) < skew < timedelta(minutes=61) for skew in ahead)


async def test_what_comes_twice_is_stored_once(sites: Sites, writer: Writer) -> None:
    await writer.register(list(sites.bindings.values()))
    for source in POLLED:
        sites.switch(f"{source}=duplicates")
        found, rejected = await sites.read(source)
        written = await writer.write(source, Batch(found))
        assert written.closes
        assert written.duplicate > 0, source
        assert not written.rejected, (source, rejected)


async def test_history_replays_into_the_store_and_twice_is_nothing_new(writer: Writer, tmp_path: Path) -> None:
    end = time.time()
    files = security.FEED.history(FLOOD, tmp_path, end - 14 * 86400, end)
    bindings = {binding.id: binding for binding in security.FEED.sources(FLOOD)}
    total = 0
    for source, (name, _) in files.items():
        protocol, options = adapter(bindings[source])
        read = list(rows(protocol, options, [tmp_path / name]))
        total += len(read)
        assert not [row for row in read if isinstance(row, Rejected) and row.payload], source
    assert 20_000 < total < 60_000
    await writer.register(list(bindings.values()))
    for source in ("simulated_alerts", "simulated_probe"):
        first = await replay(writer, bindings[source], [tmp_path / files[source][0]])
        assert not first.rejected
        assert first.stored > 200
        again = await replay(writer, bindings[source], [tmp_path / files[source][0]])
        assert (again.stored, again.duplicate) == (0, again.received)


def test_the_past_is_the_same_for_everybody_who_asks(tmp_path: Path) -> None:
    end = 1_795_226_400.0
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        security.FEED.history(replace(FLOOD, _parts={}), tmp_path / name, end - 3 * 86400, end)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("name", ["quang_tri", "nghe_an", "dak_lak", "dong_ha"])
def test_other_cities(name: str) -> None:
    town = Town(city(name), 1)
    bindings = security.FEED.sources(town)
    assert len(bindings) == (6 if name in {"quang_tri", "nghe_an"} else 0)
    for binding in bindings:
        adapter(binding)
        assert binding.simulated
        assert binding.title_vi.endswith("(mô phỏng)")


async def test_alerts_are_pushed_through_the_intake_into_the_store(
    dsn: Dsn, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alertmanager's webhook → intake → adapter → store; the pull is switched off, so nothing else can bring them."""
    token = "IOC-t0ken-of-the-webhook"
    monkeypatch.setenv("VONGLAU_INTAKE_TOKEN", token)
    options = {"push": True, "push_token_env": "VONGLAU_INTAKE_TOKEN"}
    bound = alertmanager(FLOOD).model_copy(update={"options": options})
    plan = IntakePlan(host="127.0.0.1", port=0, spool=tmp_path / "intake.sqlite")
    runner = Runner(writer, [bound], secret={"VONGLAU_INTAKE_TOKEN": token}.get, intake=plan)
    task = asyncio.create_task(runner.run())
    try:
        async with in_time():
            while not (runner.feeds or task.done()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert runner.intake is not None
        address = IntakeAddress(f"http://127.0.0.1:{runner.intake.port}")
        async with running(FLOOD, tmp_path / "city", address):
            events = await until_events(dsn)
        assert {"availability"} <= {category for category, _ in events}
        assert {"firing"} == {status for _, status in events}
    finally:
        runner.stop()
        await task


async def until_events(dsn: Dsn) -> list[tuple[str, str]]:
    def look() -> list[tuple[str, str]]:
        with psycopg.connect(dsn("read")) as connection:
            return connection.execute("select category, status from event").fetchall()

    async with in_time():
        while len(found := await asyncio.to_thread(look)) < 10:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found
