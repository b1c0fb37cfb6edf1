"""The simulated city over real sockets: read by plain clients and by the project's own adapters, with faults."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from defusedxml import ElementTree
from pyais import decode

from geodata.city import SourceBinding, city
from geodata.records import Observation, Position, Quality, Record, ServiceRequest, Thing
from sources.base import Context, protocol
from sources.simulator.clock import SimulatedClock, local_day
from sources.simulator.faults import Faults
from sources.simulator.feed import sources
from sources.simulator.feeds.open311 import REPORTS
from sources.simulator.feeds.sensorthings import AIR, WATER
from sources.simulator.report_intake import FIRST_DAY, NUMBERS_A_DAY
from sources.simulator.serve import Plan, Simulation
from sources.simulator.town import Town
from tests.support.patience import HANG_S, in_time, within

AIS = "ais_thuan_an"


@dataclass
class Running:
    simulation: Simulation
    bindings: dict[str, SourceBinding]
    http: httpx.AsyncClient

    @property
    def faults(self) -> Faults:
        return self.simulation.faults

    def switch(self, text: str) -> None:
        self.faults.switch_on(text, self.simulation.clock.now())

    def port(self, source: str) -> int:
        return int(self.bindings[source].options["port"])

    def url(self, source: str) -> str:
        return str(self.bindings[source].options["url"])

    async def lines(self, source: str, count: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port(source))
        try:
            async with in_time():
                return [await reader.readline() for _ in range(count)]
        finally:
            writer.close()

    async def records(self, source: str, **options: Any) -> tuple[list[Record], Counter[str]]:
        """One poll of the project's adapter, or the first batches of a stream, and what was rejected."""
        binding = self.bindings[source]
        adapter = protocol(binding.protocol)
        chosen = adapter.options.model_validate({**binding.options, **options})
        context = Context(http=self.http, service=binding.service)
        found: list[Record] = []
        rejected: Counter[str] = Counter()
        async for batch in adapter.batches(chosen, context, None):
            found += batch.records
            rejected.update(row.reason for row in batch.rejected)
            if binding.protocol == "ais" and len(found) > 30:
                break
        return found, rejected


@pytest.fixture(scope="module")
def hue() -> Town:
    town = Town(city("hue"), 1)
    assert town.radio is not None
    return town


@asynccontextmanager
async def run(town: Town, folder: Path, **plan: Any) -> AsyncIterator[Running]:
    path = folder / "bindings.json"
    simulation = Simulation(town, SimulatedClock(), Faults(sources(town)), Plan(bindings=path, **plan))
    await simulation.open()
    stop = asyncio.Event()
    task = asyncio.create_task(simulation.run(stop))
    rows = [SourceBinding.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8"))]
    try:
        async with httpx.AsyncClient(timeout=HANG_S) as http:
            yield Running(simulation, {row.id: row for row in rows}, http)
    finally:
        stop.set()
        await task


@pytest.fixture
async def running(hue: Town, tmp_path: Path) -> AsyncIterator[Running]:
    async with run(hue, tmp_path) as found:
        yield found


async def test_the_bindings_are_ready_for_the_ingest(running: Running) -> None:
    assert [*running.bindings, "simulated_road_works"] == sources(Town(city("hue"), 1))  # it needs a cluster
    assert {AIS, "ais_chan_may", REPORTS, AIR, WATER} <= set(running.bindings)
    assert running.bindings[AIS].title_vi == "AIS Thuận An (mô phỏng)"
    for binding in running.bindings.values():
        assert binding.simulated
        assert binding.service in city("hue").services
        protocol(binding.protocol).options.model_validate(dict(binding.options))


async def test_sentences_over_tcp(running: Running) -> None:
    lines = await running.lines(AIS, 25)
    for line in lines:
        assert line.endswith(b"\r\n")
        _, tag, sentence = line.decode().split("\\")
        assert tag.startswith("s:THUANAN,c:")
        assert abs(int(tag.partition("c:")[2].partition("*")[0]) - time()) < 60
        if sentence.startswith("!AIVDM,1"):
            assert str(decode(sentence.strip()).mmsi).startswith("574")


async def test_sentences_over_udp(hue: Town, tmp_path: Path) -> None:
    async with run(hue, tmp_path, transport="udp") as running:
        assert running.bindings[AIS].options["transport"] == "udp"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", running.port(AIS)))
            sock.setblocking(False)
            async with in_time():
                data = await asyncio.get_running_loop().sock_recv(sock, 2048)
        assert b"!AIVDM" in data


async def test_vessels_through_the_adapter(running: Running) -> None:
    for source in (AIS, "ais_chan_may"):
        found, rejected = await running.records(source)
        fixes = [row for row in found if isinstance(row, Position)]
        assert len(fixes) > 15
        assert all(isinstance(row, Position | Thing) for row in found)
        assert not rejected
        assert all(abs(row.time.timestamp() - time()) < 60 for row in fixes)


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_reports_through_the_adapter(running: Running, form: str) -> None:
    found, rejected = await running.records(REPORTS, format=form)
    cases = [row for row in found if isinstance(row, ServiceRequest)]
    assert not rejected
    assert len(cases) > 2500
    opened = [case for case in cases if case.status.is_open]
    assert 100 < len(opened) < 350
    assert {case.status.value for case in cases} >= {"dispatched", "in_progress", "resolved", "closed", "rejected"}
    assert "open" not in {case.status.value for case in cases}
    assert all(case.person.get("phone") and case.person.get("name") for case in cases)
    assert all(case.urgency in {"urgent", "normal", "complex"} for case in cases)
    assert all(case.title and case.address and case.geometry for case in cases)
    assert any(case.duplicate_of for case in cases)


async def test_geo_report_answers_as_specified(running: Running) -> None:
    root = running.url(REPORTS).replace("/discovery.json", "/v2")
    get = running.http.get
    discovery = ElementTree.fromstring((await get(running.url(REPORTS).replace(".json", ".xml"))).content)
    assert discovery.findtext("endpoints/endpoint/url") == root
    services = (await get(f"{root}/services.json")).json()
    assert len(services) == 22
    asked = next(row["service_code"] for row in services if row["metadata"])
    assert (await get(f"{root}/services/{asked}.json")).json()["attributes"][0]["code"] == "POLE"
    assert (await get(f"{root}/services/khac.json")).status_code == 404
    now = datetime.now(UTC)
    week = {"start_date": (now - timedelta(days=7)).isoformat(), "end_date": now.isoformat()}
    rows = (await get(f"{root}/requests.json", params=week)).json()
    assert 500 < len(rows) < 900
    assert "phone" not in rows[0]
    assert rows[0]["status"] in {"open", "closed"}
    assert len((await get(f"{root}/requests.json")).json()) == 1000
    one = (await get(f"{root}/requests/{rows[5]['service_request_id']}.json")).json()
    assert one == [rows[5]]
    both = (await get(f"{root}/requests.json", params={**week, "status": "open", "service_code": "moi_truong"})).json()
    assert both
    assert {(row["status"], row["service_code"]) for row in both} == {("open", "moi_truong")}
    tree = ElementTree.fromstring((await get(f"{root}/requests.xml", params=week)).content)
    assert [row.findtext("service_request_id") for row in tree] == [row["service_request_id"] for row in rows]


async def test_geo_report_refuses_as_specified(running: Running) -> None:
    root = running.url(REPORTS).replace("/discovery.json", "/v2")
    get = running.http.get
    long = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}
    for params in (long, {"status": "lost"}, {"start_date": "yesterday"}, {"page_size": "0"}, {"page": "x"}):
        answer = await get(f"{root}/requests.json", params=params)
        assert answer.status_code == 400
        assert answer.json()[0]["code"] == 400
    assert (await get(f"{root}/requests/1.json")).status_code == 404
    assert (await running.http.post(f"{root}/requests.json")).status_code == 403
    error = ElementTree.fromstring((await get(f"{root}/requests/1.xml")).content)
    assert error.findtext("error/code") == "404"


async def test_stations_through_the_adapter(running: Running) -> None:
    for source, things, least in ((AIR, 9, 9 * 8 * 46), (WATER, 12, 12 * 3 * 280)):
        found, rejected = await running.records(source, history_days=2)
        assert not rejected
        assert len({row.id for row in found if isinstance(row, Thing)}) == things
        assert all(row.geometry is not None for row in found if isinstance(row, Thing))
        rows = [row for row in found if isinstance(row, Observation)]
        assert len(rows) > least
        assert len({(row.thing_id, row.observed_property, row.phenomenon_time) for row in rows}) == len(rows)
        assert max(row.phenomenon_time for row in rows) > datetime.now(UTC) - timedelta(hours=2)
        if source == AIR:
            assert {row.unit for row in rows} == {"ug/m3", "Cel", "%"}
            assert Quality.MEASURING in {row.quality for row in rows}


async def test_sensorthings_queries(running: Running) -> None:
    root, get = running.url(WATER), running.http.get

    async def value(path: str) -> Any:
        answer = await get(f"{root}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert {row["name"] for row in (await value(""))["value"]} >= {"Things", "Observations"}
    page = await value(
        "/Things?$top=5&$count=true&$expand=Locations,Datastreams($select=name;$expand=ObservedProperty)"
    )
    assert (page["@iot.count"], len(page["value"])) == (12, 5)
    assert page["value"][0]["Locations"][0]["location"]["type"] == "Point"
    assert page["value"][0]["Datastreams"][0]["ObservedProperty"]["name"] == "water_level"
    rest = (await get(page["@iot.nextLink"])).json()
    assert rest["value"][0]["@iot.id"] == 6
    since = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"$filter=phenomenonTime gt {since}&$orderby=phenomenonTime asc&$top=7&$select=id,phenomenonTime,result"
    rows = await value(f"/Datastreams(101)/Observations?{query}")
    times = [row["phenomenonTime"] for row in rows["value"]]
    assert times == sorted(times)
    assert min(times) > since
    assert set(rows["value"][0]) == {"@iot.id", "phenomenonTime", "result"}
    more = (await get(rows["@iot.nextLink"])).json()
    assert more["value"][0]["phenomenonTime"] > times[-1]
    last = (await value("/Datastreams(101)/Observations?$orderby=phenomenonTime desc&$top=1"))["value"][0]
    one = await value(f"/Observations({last['@iot.id']})")
    assert one["result"] == last["result"]
    assert (await value("/Datastreams(101)/Thing"))["@iot.id"] == 1
    assert len((await value("/Things(1)/Datastreams"))["value"]) == 3
    assert (await get(f"{root}/Things(99)")).status_code == 404
    assert (await get(f"{root}/Nothing")).status_code == 404
    assert (await get(f"{root}/Things?$filter=name like x")).status_code == 400


def refused(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) != 0


async def until(true: Callable[[], bool]) -> None:
    """A city closes its ports a moment after the switch."""
    async with in_time():
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_an_outage_refuses_and_ends(running: Running) -> None:
    running.switch(f"{AIS}=outage")
    running.switch(f"{AIR}=outage")
    await until(lambda: refused(running.port(AIS)))
    air = urlsplit(running.url(AIR)).port
    assert air is not None
    await until(lambda: refused(air))
    assert (await running.http.get(running.url(WATER))).status_code == 200
    running.faults.switch_off("all")
    await until(lambda: not refused(running.port(AIS)))
    await until(lambda: not refused(air))
    assert await running.lines(AIS, 3)
    assert (await running.http.get(running.url(AIR))).status_code == 200


async def test_a_stall_answers_nothing(running: Running) -> None:
    running.switch("all=stall")
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port(AIS))
    with pytest.raises(TimeoutError):
        await within(1.0, reader.readline())
    with pytest.raises(httpx.ReadTimeout):
        await running.http.get(running.url(AIR), timeout=0.7)
    running.faults.switch_off("all")
    assert b"AIVDM" in await within(HANG_S, reader.readline())
    writer.close()


async def test_garbage_is_among_the_good(running: Running) -> None:
    running.switch("all=garbage")
    lines = await running.lines(AIS, 30)
    assert 5 < sum(b"\xff\x00" in line for line in lines) < 25
    with pytest.raises(UnicodeDecodeError):
        (await running.http.get(running.url(AIR))).content.decode()
    found, rejected = await running.records(AIS)
    assert found
    assert sum(rejected.values()) > 0


async def test_duplicates_come_twice(running: Running) -> None:
    running.switch("all=duplicates")
    lines = await running.lines(AIS, 20)
    assert max(Counter(lines).values()) == 2
    rows = (await running.http.get(f"{running.url(AIR)}/Datastreams(101)/Observations?$top=10")).json()["value"]
    assert len({row["@iot.id"] for row in rows}) == 5


async def test_a_skewed_clock_is_ahead(running: Running) -> None:
    running.switch("all=skew:7200")
    line = (await running.lines(AIS, 1))[0].decode()
    assert int(line.partition("c:")[2].partition("*")[0]) - time() > 7000
    latest = f"{running.url(AIR)}/Datastreams(101)/Observations?$orderby=phenomenonTime desc&$top=1"
    row = (await running.http.get(latest)).json()["value"][0]
    assert datetime.fromisoformat(row["phenomenonTime"]) > datetime.now(UTC)


async def test_late_delivery_is_stored_and_forwarded(running: Running) -> None:
    running.switch(f"{AIS}=late")
    held_since = time()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port(AIS))
    with pytest.raises(TimeoutError):
        await within(2.5, reader.readline())
    running.faults.switch_off("all")
    line = (await within(HANG_S, reader.readline())).decode()
    writer.close()
    assert int(line.partition("c:")[2].partition("*")[0]) <= held_since + 3


async def test_a_line_without_end_keeps_coming(running: Running) -> None:
    running.switch(f"{AIS}=huge_line")
    running.switch(f"{AIR}=huge_line")
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port(AIS))
    got = 0
    async with in_time():
        while got < 4 << 20:
            chunk = await reader.read(1 << 16)
            assert b"\n" not in chunk[100:]
            got += len(chunk)
    writer.close()
    got = 0
    async with running.http.stream("GET", running.url(AIR)) as answer:
        async for chunk in answer.aiter_bytes():
            got += len(chunk)
            if got > 4 << 20:
                break
    assert got > 4 << 20
    assert b"AIVDM" in (await running.lines("ais_chan_may", 1))[0]


async def test_faults_are_switched_over_http(running: Running) -> None:
    root = f"http://127.0.0.1:{running.simulation.control.port}/faults"
    assert (await running.http.get(root)).json() == {"sources": sources(Town(city("hue"), 1)), "faults": {}}
    answer = await running.http.put(f"{root}/{AIR}", content="skew:60")
    assert answer.json()["faults"][AIR]["seconds"] == 60
    assert running.faults.skew_s(AIR) == 60
    assert (await running.http.put(f"{root}/nobody", content="skew")).status_code == 404
    assert (await running.http.put(f"{root}/{AIR}", content="fire")).status_code == 404
    assert (await running.http.delete(f"{root}/all")).json() == {"faults": {}}


async def test_a_restart_continues_the_same_city(hue: Town, tmp_path: Path) -> None:
    """Another process, the same answers: names of the vessels, observations, cases of the past."""
    texts = []
    now = datetime.now(UTC).replace(microsecond=0)
    start, end = ((now - timedelta(days=days)).isoformat().replace("+00:00", "Z") for days in (4, 2))
    number = (local_day(now.timestamp()) - 10 - FIRST_DAY) * NUMBERS_A_DAY + 3
    query = f"$filter=phenomenonTime lt {end} and phenomenonTime gt {start}"
    for town in (hue, Town(hue.city, 1)):
        async with run(town, tmp_path) as running:
            root = running.url(REPORTS).replace("/discovery.json", "/v2")
            answers = [
                (await running.http.get(f"{running.url(WATER)}/Datastreams(101)/Observations?{query}")).json()["value"],
                (await running.http.get(f"{root}/requests/{number}.json?extensions=true")).json(),
            ]
            for row in answers[0]:
                row.pop("@iot.selfLink", None)
                row.pop("Datastream@iot.navigationLink", None)
            texts.append((answers, replace(town.fleet[9], failing=None)))
    assert texts[0] == texts[1]


async def test_ports_are_consecutive_when_one_is_asked_for(hue: Town, tmp_path: Path) -> None:
    first = 20_000 + os.getpid() % 10_000  # below the ports that the kernel hands out
    async with run(hue, tmp_path, port=first) as running:
        ports = [running.port(name) for name in (AIS, "ais_chan_may")]
        ports += [int(urlsplit(running.url(name)).port or 0) for name in (REPORTS, AIR, WATER)]
        assert [*ports[:2], *sorted(set(ports))] == [first, first + 1, *ports]
        assert ports[-1] < first + 2 * len(running.bindings) + 10
