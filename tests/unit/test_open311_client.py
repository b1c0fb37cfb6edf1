"""Open311: the client against a small server that behaves as the specification says, and as real ones do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import RequestStatus, ServiceRequest
from geodata.store.types import Batch
from sources._open311_body import decode, error_text
from sources._open311_client import choose
from sources._served import closed
from sources._values import instant
from sources.base import Context, Garbled, Refused, Unreachable
from sources.http import client
from sources.open311 import Open311Options, batches

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = Open311Options(url="recording", service="field_reports")
KEY = "k3y-0f-the-city"


def request(number: int, when: datetime, **more: Any) -> dict[str, Any]:
    return {
        "service_request_id": str(number),
        "status": "open",
        "service_code": "006",
        "requested_datetime": when.isoformat(),
        "updated_datetime": when.isoformat(),
        "lat": 16.46,
        "long": 107.59,
        **more,
    }


def discovery(**more: Any) -> dict[str, Any]:
    entry = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": "http://a/v2/",
        "changeset": "2011-02-03 14:18",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    return {
        "changeset": "2011-02-03 14:18",
        "endpoints": [
            {**entry, "specification": "http://wiki.open311.org/GeoReport_v1", "url": "http://a/v1"},
            {**entry, "type": "test", "url": "http://test/v2"},
            {**entry, **more},
        ],
    }


def test_discovery_chooses_by_specification_type_and_format() -> None:
    assert choose(discovery(), "production", None).url == "http://a/v2"
    assert choose(discovery(), "production", None).format == "json"
    assert choose(discovery(), "production", "xml").format == "xml"
    assert choose(discovery(), "test", None).url == "http://test/v2"
    assert choose(discovery(formats=["text/xml"]), "production", "json").format == "xml"
    with pytest.raises(ValueError, match="no GeoReport v2"):
        choose({"endpoints": []}, "production", None)


def test_discovery_in_xml() -> None:
    body = b"""<discovery xmlns="http://x"><changeset>1</changeset><endpoints><endpoint>
    <specification>http://wiki.open311.org/GeoReport_v2</specification><url>http://a/v2</url><type>production</type>
    <formats><format>text/xml</format></formats></endpoint></endpoints></discovery>"""
    assert choose(decode(body), "production", None).format == "xml"


@pytest.mark.parametrize(
    "body",
    [
        b'[{"code":404,"description":"service_code was not found"}]',
        b"<errors><error><code>404</code><description>service_code was not found</description></error></errors>",
    ],
)
def test_error_bodies(body: bytes) -> None:
    assert error_text(body) == "service_code was not found"


# -- a server -----------------------------------------------------------------------------


class City:
    """GeoReport v2 over HTTP: windows of at most 90 days, ``limit`` rows, errors as arrays."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.limit = 1000
        self.paging = False
        self.fail: tuple[int, str] | None = None
        self.port = 0

    def reply(self, path: str, q: dict[str, str]) -> Any:
        if (fixed := self.fixed(path)) is not None:
            return fixed
        if "service_request_id" in q:
            return [case for case in self.cases if case["service_request_id"] in q["service_request_id"].split(",")]
        start, end = instant(q["start_date"]), instant(q["end_date"])
        assert end - start <= timedelta(days=90)
        rows = [case for case in self.cases if start <= instant(case["requested_datetime"]) <= end]
        if self.paging and "page" in q:
            first = (int(q["page"]) - 1) * int(q["page_size"])
            return rows[first : first + int(q["page_size"])]
        return rows[: self.limit]

    def fixed(self, path: str) -> Any:
        if path == "discovery.json":
            return discovery(url=f"http://127.0.0.1:{self.port}/v2", formats=["application/json"])
        if path == "v2/services.json":
            return [
                {"service_code": "006", "service_name": "Ngập úng", "metadata": True, "type": "realtime", "group": "x"}
            ]
        if path == "v2/services/006.json":
            return {
                "service_code": "006",
                "attributes": [{"code": "depth", "description": "Độ sâu", "datatype": "string"}],
            }
        if path == "v2/servicerequestupdates.json":
            return self.updates
        return None


class Handler(tornado.web.RequestHandler):
    def initialize(self, city: City) -> None:
        self.city = city

    def get(self, path: str) -> None:
        q = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        self.city.asked.append((path, q))
        if self.city.fail:
            status, text = self.city.fail
            self.set_status(status)
            self.finish(json.dumps([{"code": status, "description": text}]))
            return
        self.finish(json.dumps(self.city.reply(path, q), ensure_ascii=False))


@pytest.fixture
async def city() -> AsyncIterator[City]:
    found = City()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.port = sock.getsockname()[1]
    server = tornado.httpserver.HTTPServer(
        tornado.web.Application([(r"/(.*)", Handler, {"city": found})], log_function=lambda handler: None)
    )
    server.add_socket(sock)
    yield found
    await closed(server)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as opened:
        yield opened


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def poll(city: City, context: Context, cursor: Any = None, **options: Any) -> list[Batch]:
    found = Open311Options(url=f"http://127.0.0.1:{city.port}/discovery.json", **options)
    return [batch async for batch in batches(found, context, cursor)]


def ids(found: list[Batch]) -> list[str]:
    return [record.id for batch in found for record in batch.records if isinstance(record, ServiceRequest)]


async def test_a_full_reply_is_asked_again_in_halves(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.limit = 20
    city.cases = [request(n, NOW - timedelta(hours=n % 700, minutes=n)) for n in range(150)]
    found = await poll(city, Context(http=http, clock=clock, service="field_reports"), max_requests=20)
    assert sorted(ids(found)) == sorted(f"open311:{n}" for n in range(150))


async def test_pages(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.paging = True
    city.cases = [request(n, NOW - timedelta(hours=n)) for n in range(45)]
    found = await poll(city, Context(http=http, clock=clock), page_size=20)
    assert len(ids(found)) == 45
    assert [q["page"] for path, q in city.asked if "page" in q] == ["1", "2", "3"]


async def test_pages_that_the_server_does_not_know(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.limit = 20
    city.cases = [request(n, NOW - timedelta(hours=n)) for n in range(45)]
    found = await poll(city, Context(http=http, clock=clock), page_size=20, max_requests=20)
    assert len(set(ids(found))) == 45


async def test_history_is_read_in_windows_with_a_cursor(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.cases = [request(n, NOW - timedelta(days=n)) for n in range(200)]
    found = await poll(city, Context(http=http, clock=clock), history_days=180, window_days=60)
    assert len(set(ids(found))) == 181
    assert [batch.cursor and sorted(batch.cursor) for batch in found] == [["until"], ["until"], ["swept", "until"]]


async def test_only_changes_are_handed_on(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    context = Context(http=http, clock=clock, service="field_reports")
    city.cases = [request(n, NOW - timedelta(hours=n)) for n in range(10)]
    first = await poll(city, context)
    clock.now += timedelta(minutes=1)
    assert ids(await poll(city, context, first[-1].cursor)) == []
    city.cases[3] |= {"status": "closed"}  # a server that forgets updated_datetime
    city.cases.append(request(99, NOW))
    assert sorted(ids(await poll(city, context, first[-1].cursor))) == ["open311:3", "open311:99"]


async def test_polls_read_the_overlap_and_now_and_then_everything(
    city: City, http: httpx.AsyncClient, clock: Clock
) -> None:
    context = Context(http=http, clock=clock)
    cursor = (await poll(city, context))[-1].cursor
    spans = []
    for _ in range(3):
        clock.now += timedelta(minutes=25)
        city.asked.clear()
        cursor = (await poll(city, context, cursor))[-1].cursor
        spans.append(clock.now - min(instant(q["start_date"]) for _, q in city.asked if "start_date" in q))
    assert [round(span / timedelta(days=1)) for span in spans] == [7, 7, 90]


async def test_a_clock_set_back_does_not_stop_polls(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    context = Context(http=http, clock=clock)
    cursor = (await poll(city, context))[-1].cursor
    clock.now -= timedelta(days=1)
    city.cases = [request(1, clock.now - timedelta(hours=1))]
    assert ids(await poll(city, context, cursor)) == ["open311:1"]


async def test_names_of_services_and_labels_are_filled_in(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.cases = [request(1, NOW - timedelta(hours=1), attributes=[{"code": "depth", "value": "0,3 m"}])]
    (case,) = (await poll(city, Context(http=http, clock=clock)))[0].records
    assert isinstance(case, ServiceRequest)
    assert case.service_name == "Ngập úng"
    assert case.properties["attributes"] == [{"code": "depth", "label": "Độ sâu", "value": "0,3 m"}]


async def test_updates_become_states(city: City, http: httpx.AsyncClient, clock: Clock) -> None:
    city.cases = [request(1, NOW - timedelta(days=1))]
    at = NOW - timedelta(minutes=30)
    city.updates = [
        {
            "update_id": "2",
            "service_request_id": "1",
            "updated_datetime": (at + timedelta(minutes=5)).isoformat(),
            "status": "unchanged",
            "description": "Đã đến",
        },
        {
            "update_id": "1",
            "service_request_id": "1",
            "updated_datetime": at.isoformat(),
            "status": "FIXED",
            "external_status_code": "",
            "description": "Xong",
        },
        {"update_id": "3", "service_request_id": "77", "updated_datetime": at.isoformat(), "status": "OPEN"},
        {
            "update_id": "4",
            "service_request_id": "1",
            "updated_datetime": (NOW + timedelta(days=3)).isoformat(),
            "status": "OPEN",
        },
    ]
    context = Context(http=http, clock=clock, secret={"CITY_KEY": KEY}.get)
    found = await poll(city, context, updates="fixmystreet", api_key_env="CITY_KEY")
    first, second = found[-1].records
    assert isinstance(first, ServiceRequest)
    assert isinstance(second, ServiceRequest)
    assert (first.status, first.updated_datetime, first.status_notes) == (RequestStatus.CLOSED, at, "Xong")
    assert (second.status, second.status_notes) == (RequestStatus.CLOSED, "Đã đến")
    assert [row.reason for row in found[-1].rejected] == ["update_without_request"]
    assert [q["api_key"] for path, q in city.asked if "servicerequestupdates" in path] == [KEY]
    again = await poll(city, context, found[0].cursor, updates="fixmystreet", api_key_env="CITY_KEY")
    assert not again[-1].records


@pytest.mark.parametrize(
    ("status", "error"), [(403, Refused), (400, Garbled), (404, Garbled), (503, Unreachable), (429, Unreachable)]
)
async def test_errors_say_what_the_server_said_and_no_key(
    city: City, http: httpx.AsyncClient, clock: Clock, status: int, error: type[Exception]
) -> None:
    context = Context(http=http, clock=clock, secret={"CITY_KEY": KEY}.get)
    cursor = (await poll(city, context, api_key_env="CITY_KEY"))[-1].cursor
    city.fail = (status, f"jurisdiction is not valid for {KEY}")
    with pytest.raises(error) as caught:
        await poll(city, context, cursor, api_key_env="CITY_KEY")
    assert KEY not in str(caught.value)
    if status < 429:
        assert "jurisdiction is not valid" in str(caught.value)
