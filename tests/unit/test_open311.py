"""Open311: a small server that behaves as the specification says, and the ways in which real ones do not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Rejected, RequestStatus, ServiceRequest
from geodata.store.types import Batch
from sources._open311_body import decode, error_text
from sources._open311_client import choose
from sources._open311_request import person, state
from sources._values import instant
from sources.base import Context, Garbled, Refused, Unreachable
from sources.http import client
from sources.open311 import Open311Options, batches, parse

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


def read(item: Mapping[str, Any]) -> ServiceRequest:
    (case,) = parse(json.dumps([item]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    return case


# -- one request --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("open", "open"),
        ("CLOSED", "closed"),
        ("IN_PROGRESS", "in_progress"),
        ("INVESTIGATING", "in_progress"),
        ("ACTION_SCHEDULED", "in_progress"),
        ("FOR_TRIAGE", "screening"),
        ("INTERNAL_REFERRAL", "dispatched"),
        ("DUPLICATE", "duplicate"),
        ("FIXED", "closed"),
        ("NO_FURTHER_ACTION", "closed"),
        ("NOT_COUNCILS_RESPONSIBILITY", "rejected"),
        ("CANCELLED", "rejected"),
        ("REOPEN", "reopened"),
        ("Xin gia hạn", "extension"),
        ("đã xử lý", "resolved"),
        ("kiem tra", "open"),  # unknown: passes through as the source's own word
        *((status.value, status.value) for status in RequestStatus),
    ],
)
def test_state_words(word: str, status: str) -> None:
    case = read(request(1, NOW, status=word))
    assert (case.status, case.source_status) == (RequestStatus(status), word)


@pytest.mark.parametrize("key", ["detailed_status", "status_detail", "external_status_code"])
def test_the_more_telling_word_counts(key: str) -> None:
    case = read(request(1, NOW, status="closed", **{key: "DUPLICATE"}))
    assert (case.status, case.source_status) == (RequestStatus.DUPLICATE, "DUPLICATE")
    case = read(request(1, NOW, status="closed", **{key: "lưu kho"}))
    assert (case.status, case.source_status) == (RequestStatus.CLOSED, "lưu kho")


def test_state_words_of_the_options_come_first() -> None:
    assert state(["Fixed"], {"fixed": RequestStatus.RESOLVED}) == (RequestStatus.RESOLVED, "Fixed")


def test_extended_state_in_extended_attributes() -> None:
    case = read(request(1, NOW, status="open", extended_attributes={"status": "for_triage"}))
    assert case.status is RequestStatus.SCREENING


@pytest.mark.parametrize(("number", "expected"), [("006", "006"), (6, "6"), ("  7 ", "7")])
def test_codes_keep_their_zeros(number: object, expected: str) -> None:
    case = read(request(0, NOW) | {"service_request_id": number, "service_code": number})
    assert (case.id, case.service_code) == (f"open311:{expected}", expected)


def test_bare_numbers_with_leading_zeros() -> None:
    assert decode(b'[{"a": 006, "b": "x: 006, y", "c": 0, "d": 0.5, "e": -1, "f": 10}]') == [
        {"a": "006", "b": "x: 006, y", "c": 0, "d": 0.5, "e": -1, "f": 10}
    ]


@pytest.mark.parametrize(
    ("value", "agency"),
    [
        ("UBND phường", "UBND phường"),
        ({"recipient": ["A", "B"]}, "A, B"),
        (["A"], "A"),
        (None, None),
        ("", None),
        ({}, None),
    ],
)
def test_agency(value: object, agency: str | None) -> None:
    assert read(request(1, NOW, agency_responsible=value)).agency == agency


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T07:00:00+07:00",
        "2026-11-20T07:00:00+0700",
        "2026-11-20T00:00:00Z",
        "2026-11-20 07:00",
        "2026-11-20 07:00:00 +0700",
        "2026-11-20T07:00:00.000+07:00",
        "20/11/2026 07:00",
    ],
)
def test_times(text: str) -> None:
    assert read(request(1, NOW, requested_datetime=text)).requested_datetime == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "hôm qua", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1900-01-01", "NaN"]
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        instant(text)
    (row,) = parse(json.dumps([request(1, NOW, updated_datetime=text or "x")]).encode(), OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.reason == "bad_time"


def test_a_wrong_place_costs_the_place_only() -> None:
    case, refused = parse(json.dumps([request(1, NOW, lat=107.6, long=16.4)]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    assert case.geometry is None
    assert isinstance(refused, Rejected)
    assert refused.reason == "bad_position"


def test_the_reporter_is_kept_apart() -> None:
    item = request(
        1,
        NOW,
        first_name="Lan",
        last_name="Nguyễn Thị",
        phone="0900000001",
        email="lan@x.invalid",
        extended_attributes={"channel": "app", "phone": "0900000001"},
        attributes=[{"code": "phone", "value": "0900000001"}, {"code": "size", "value": "2"}],
        lat=200,
    )
    case, refused = parse(json.dumps([item]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    assert case.person == {"name": "Lan Nguyễn Thị", "phone": "0900000001", "email": "lan@x.invalid"}
    assert isinstance(refused, Rejected)
    for kept in (str(case.properties), (refused.payload or b"").decode()):
        assert "0900000001" not in kept
        assert "Lan" not in kept
        assert "lan@" not in kept


@pytest.mark.parametrize("wrong", [b'"title": "\xe9"', b'"title": "\\u0000"', b'"requested_datetime": "x"'])
def test_rejections_never_keep_the_reporter(wrong: bytes) -> None:
    body = b'[{"service_request_id": "1", "name": "Lan", "phone": "0900000001", "x": {"email": "l@x"}, ' + wrong + b"}]"
    (row,) = parse(body, OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.payload
    assert not [told for told in (b"Lan", b"0900000001", b"l@x") if told in row.payload]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"first_name": "Lan", "phone":"0900000001", "email": null, "x": 1',
        b'[{"last_name":"Lan","phone":0900000001},{"phone": "09000000',
        b"<service_requests><request><first_name>Lan</first_name><phone>0900000001</pho",
    ],
)
def test_bodies_that_cannot_be_read_do_not_keep_the_reporter(body: bytes) -> None:
    (row,) = parse(body, OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.reason == "garbled"
    assert row.payload
    assert not [told for told in (b"Lan", b"09000000") if told in row.payload]


def test_absent_names_are_no_names() -> None:
    assert person({"first_name": "-", "last_name": "-", "phone": "09"}) == {"phone": "09"}
    assert person({"requestor_name": "Lan", "first_name": "x"})["name"] == "Lan"


def test_extension_fields() -> None:
    case = read(
        request(
            1,
            NOW,
            extended_attributes={"channel": "1022", "urgency": "khẩn", "rating": 4, "duplicate_of": 17, "title": "Rác"},
            media_url=["http://a/1.jpg", "http://a/2.jpg"],
        )
    )
    assert (case.channel, case.urgency, case.rating, case.duplicate_of, case.title) == (
        "1022",
        "urgent",
        "4",
        "open311:17",
        "Rác",
    )
    assert (case.media_url, case.properties["media_urls"]) == ("http://a/1.jpg", ["http://a/1.jpg", "http://a/2.jpg"])


def test_xml_and_json_say_the_same() -> None:
    item = request(7, NOW, description="Ngập", agency_responsible="UBND")
    xml = "".join(f"<{name}>{value}</{name}>" for name, value in item.items())
    body = f"<service_requests><request>{xml}</request></service_requests>".encode()
    assert list(parse(body, OPTIONS, NOW)) == list(parse(json.dumps([item]).encode(), OPTIONS, NOW))


def test_services_and_updates_are_no_requests() -> None:
    services = b'[{"service_code":"006","service_name":"x","metadata":false,"type":"realtime"}]'
    assert [(row.reason, row.payload) for row in parse(services, OPTIONS, NOW) if isinstance(row, Rejected)] == [
        ("unused_payload", None)
    ]
    updates = b"<request_updates><request_update><update_id>1</update_id></request_update></request_updates>"
    assert not [row for row in parse(updates, OPTIONS, NOW) if isinstance(row, ServiceRequest)]


# -- discovery ----------------------------------------------------------------------------


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
    server.stop()
    await server.close_all_connections()


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
