"""Frigate over HTTP alone: login, pages, and what is made of a row."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Event, Observation, Rejected, Thing
from sources._served import closed
from sources.base import Context, Garbled, Refused
from sources.frigate import FrigateOptions, batches, parse
from sources.http import client

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PASSWORD = "b1-m4t"  # looked for wherever it must not be
START = NOW.timestamp() - 7200


def review(number: int, **more: Any) -> dict[str, Any]:
    start = START + number
    data = {"objects": ["car"], "zones": ["do_xe_sai"], "sub_labels": ["75A-123.45"], "detections": [], "audio": []}
    row = {"id": f"{start}-r{number}", "camera": "a", "start_time": start, "end_time": start + 30}
    return {**row, "severity": "detection", "thumb_path": "", "data": data, **more}


class Frigate:
    def __init__(self) -> None:
        self.port = 0
        self.reviews: list[dict[str, Any]] = []
        self.stats: Any = {"cameras": {"a": {"camera_fps": 5.0}, "b": {"camera_fps": 0.0}}, "service": {}}
        self.token = "one"
        self.logins = 0
        self.guarded = False


class Handler(tornado.web.RequestHandler):
    def initialize(self, frigate: Frigate) -> None:
        self.frigate = frigate

    def check_xsrf_cookie(self) -> None:
        return

    def get(self, what: str) -> None:
        if self.frigate.guarded and self.get_cookie("own_name") != self.frigate.token:
            self.set_status(401)
            return
        if what == "stats":
            self.finish(json.dumps(self.frigate.stats))
            return
        after, before = (float(self.get_query_argument(name)) for name in ("after", "before"))
        rows = [row for row in self.frigate.reviews if after < row["start_time"] < before]
        rows.sort(key=lambda row: -row["start_time"])
        self.finish(json.dumps(rows[: int(self.get_query_argument("limit"))]))

    def post(self, what: str) -> None:
        body = json.loads(self.request.body)
        if what != "login" or body != {"user": "ioc", "password": PASSWORD}:
            self.set_status(401)
            return
        self.frigate.logins += 1
        self.set_cookie("own_name", self.frigate.token)


@pytest.fixture
async def frigate() -> AsyncIterator[Frigate]:
    found = Frigate()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.port = sock.getsockname()[1]
    routes = [(r"/api/(\w+)", Handler, {"frigate": found})]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda handler: None))
    server.add_socket(sock)
    yield found
    await closed(server)


@pytest.fixture
async def context() -> AsyncIterator[Context]:
    async with client() as http:
        yield Context(http=http, clock=lambda: NOW, secret={"U": "ioc", "P": PASSWORD}.get, service="cameras")


async def poll(frigate: Frigate, context: Context, cursor: Any = None, **given: Any) -> tuple[list[Any], Any]:
    options = FrigateOptions(url=f"http://127.0.0.1:{frigate.port}", **given)
    found = [batch async for batch in batches(options, context, cursor)]
    return [row for batch in found for row in (*batch.records, *batch.rejected)], found[-1].cursor


async def test_every_page_is_read_and_the_next_poll_goes_on(frigate: Frigate, context: Context) -> None:
    frigate.reviews = [review(n) for n in range(450)]
    rows, cursor = await poll(frigate, context, overlap_s=0)
    assert len({row.id for row in rows if isinstance(row, Event)}) == 450
    states = {row.thing_id: row.result for row in rows if isinstance(row, Observation)}
    assert states == {"frigate:a": "live", "frigate:b": "unreachable"}
    assert cursor == {"since": START + 449}
    frigate.reviews.append(review(460))
    rows, _ = await poll(frigate, context, cursor, overlap_s=0)
    assert len([row for row in rows if isinstance(row, Event)]) == 1


async def test_the_login_is_made_when_it_is_needed_and_again(frigate: Frigate, context: Context) -> None:
    frigate.guarded = True
    with pytest.raises(Refused):
        await poll(frigate, context)
    login = {"login_user_env": "U", "login_password_env": "P"}
    for token in ("one", "one", "two"):  # the recorder was restarted: its tokens are others
        frigate.token = token
        rows, _ = await poll(frigate, context, **login)
        assert [row for row in rows if isinstance(row, Thing)]
    assert frigate.logins == 2
    frigate.token = "three"
    with pytest.raises(Refused) as caught:
        await poll(frigate, context, login_user_env="P", login_password_env="P")
    assert PASSWORD not in str(caught.value)


async def test_what_is_no_recorder(frigate: Frigate, context: Context) -> None:
    frigate.stats = ["hello"]
    with pytest.raises(Garbled):
        await poll(frigate, context)


OPTIONS = FrigateOptions(service="cameras", zones={"via_he": "street_trading"}, count_zones={"san": "a"})


def one(body: object, options: FrigateOptions = OPTIONS) -> Any:
    (row,) = parse(json.dumps(body).encode(), options, NOW)
    return row


def test_a_plate_is_never_read() -> None:
    row = one(review(1))
    assert row.category == "illegal_parking"
    assert "75A" not in repr(row)


def test_a_zone_counts_before_an_object() -> None:
    data = {"objects": ["person", "car"], "zones": ["via_he"]}
    assert one(review(1, data=data)).category == "street_trading"
    assert one(review(1, data={"objects": ["dog"], "zones": []})) == Rejected(reason="unused_label", received_at=NOW)


def test_an_event_that_lasts_has_no_end() -> None:
    row = one(review(1, end_time=None))
    assert (row.end_time, row.status, row.severity) == (None, "open", 2)
    assert one(review(1, severity="alert")).severity == 3


def test_a_false_positive_is_taken_back() -> None:
    event = {**review(1, label="car", zones=["do_xe_sai"]), "false_positive": True}
    options = OPTIONS.model_copy(update={"feed": "events"})

    def told(kind: str) -> Any:
        return one({"topic": "frigate/events", "payload": {"type": kind, "before": event, "after": event}}, options)

    assert told("new").reason == "false_positive"
    assert told("end").status == "false_positive"


def test_a_zone_may_count_for_a_camera() -> None:
    assert one({"topic": "frigate/san/person", "payload": "7"}).thing_id == "frigate:a"
    assert one({"topic": "frigate/a/person", "payload": "9"}).reason == "unused_count"
    assert one({"topic": "frigate/b/person", "payload": "9"}).result == 9


def test_a_service_that_knows_no_states_gets_none() -> None:
    traffic = FrigateOptions(service="public_order", listed_only=True, cameras={"a": {"name": "Chợ"}})
    stats = {"cameras": {"a": {"camera_fps": 5}, "b": {"camera_fps": 5}}}
    rows = list(parse(json.dumps(stats).encode(), traffic, NOW))
    assert [type(row) for row in rows] == [Thing, Rejected]
