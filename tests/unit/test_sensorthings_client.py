"""SensorThings: the client against a small server with the habits of public ones."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Observation, Thing
from geodata.store.types import Batch
from sources._served import closed
from sources._sta_entities import quoted
from sources._values import instant
from sources.base import Context, Garbled, Unreachable
from sources.http import client
from sources.sensorthings import SensorThingsOptions, batches

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = SensorThingsOptions(url="recording", service="air_quality")
POINT = {"type": "Point", "coordinates": [107.6, 16.5, 3]}
TOKEN = "t0k3n-of-the-city"


class Sta:
    """Things 1 and 'b' with a datastream each; pages of ``page`` rows, links relative or absolute, as told."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {"11": [], "s'2": []}
        self.page = 3
        self.relative = True
        self.deep = True
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str | None] = []
        self.broken: bytes | None = None
        self.port = 0

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1.1"

    def add(self, stream: str, number: object, when: datetime, value: object = 1.0) -> None:
        self.rows[stream].append({"@iot.id": number, "phenomenonTime": when.isoformat(), "result": value})

    def thing(self, number: int | str, stream: int | str, expand: bool) -> dict[str, Any]:
        inner = {
            "@iot.id": stream,
            "name": f"PM2.5 {number}",
            "unitOfMeasurement": {"symbol": "µg/m³"},
            "ObservedProperty@iot.navigationLink": f"{self.root}/Datastreams(11)/ObservedProperty",
        }
        if expand:
            inner |= {"ObservedProperty": {"name": "PM2.5", "definition": ""}, "Sensor": {"name": "s"}}
            return {
                "@iot.id": number,
                "name": f"Trạm {number}",
                "Locations": [{"encodingType": "application/geo+json", "location": POINT}],
                "Datastreams": [inner],
            }
        home = f"Things{quoted(number)}"
        links = {f"{name}@iot.navigationLink": f"{home}/{name}" for name in ("Locations", "Datastreams")}
        return {"@iot.id": number, "name": f"Trạm {number}", **links}

    def reply(self, path: str, q: dict[str, str]) -> Any:
        expand = "$expand" in q
        if match := re.fullmatch(r"Datastreams\((.+)\)/Observations", path):
            name = match[1].strip("'").replace("''", "'")
            since = instant(q["$filter"].removeprefix("phenomenonTime ge "))
            assert q["$orderby"] == "phenomenonTime asc"
            rows = [row for row in self.rows[name] if instant(row["phenomenonTime"]) >= since]
            return self.paged(path, sorted(rows, key=lambda row: str(row["phenomenonTime"])), q)
        if path == "Things":
            return self.paged(path, [self.thing(1, 11, expand), self.thing("b", "s'2", expand)], q)
        if path.endswith("/Locations"):
            return {"value": [{"encodingType": "application/geo+json", "location": POINT}]}
        if path.endswith("/Datastreams"):
            return {"value": self.thing(1, 11 if "(1)" in path else "s'2", True)["Datastreams"]}
        return {"name": "PM2.5", "definition": ""}

    def paged(self, path: str, rows: list[Any], q: dict[str, str]) -> dict[str, Any]:
        first = int(q.get("$skip", 0))
        top = min(self.page, int(q.get("$top", 1000)))
        body: dict[str, Any] = {"value": rows[first : first + top]}
        if first + top < len(rows):
            onward = str(httpx.URL(f"/v1.1/{path}", params={**q, "$skip": str(first + top)}))
            body["@iot.nextLink"] = onward if self.relative else f"http://127.0.0.1:{self.port}{onward}"
        return body


class Handler(tornado.web.RequestHandler):
    def initialize(self, sta: Sta) -> None:
        self.sta = sta

    def get(self, path: str) -> None:
        q = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        self.sta.asked.append((path, q))
        self.sta.tokens.append(self.request.headers.get("Authorization"))
        if self.sta.broken is not None:
            self.finish(self.sta.broken)
        elif "$expand" in q and not self.sta.deep:
            self.set_status(400)
            self.finish('{"code":400,"message":"expand too deep"}')
        else:
            self.finish(json.dumps(self.sta.reply(path, q)))


@pytest.fixture
async def sta() -> AsyncIterator[Sta]:
    found = Sta()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.port = sock.getsockname()[1]
    routes = [(r"/v1\.1/(.*)", Handler, {"sta": found})]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda handler: None))
    server.add_socket(sock)
    yield found
    await closed(server)


@pytest.fixture
async def context() -> AsyncIterator[Context]:
    async with client() as http:
        yield Context(http=http, clock=lambda: NOW, secret={"STA_TOKEN": TOKEN}.get, service="air_quality")


async def poll(sta: Sta, context: Context, cursor: Any = None, **options: Any) -> tuple[list[Any], Any]:
    found: list[Batch] = [b async for b in batches(SensorThingsOptions(url=sta.root, **options), context, cursor)]
    cursors = [batch.cursor for batch in found if batch.cursor]
    return [record for batch in found for record in batch.records], cursors[-1] if cursors else cursor


def results(records: list[Any]) -> list[Any]:
    return [record.result for record in records if isinstance(record, Observation)]


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("deep", [True, False])
async def test_things_and_observations(sta: Sta, context: Context, relative: bool, deep: bool) -> None:
    sta.relative, sta.deep, sta.page = relative, deep, 1
    for n in range(5):
        sta.add("11", n, NOW - timedelta(hours=5 - n), n)
        sta.add("s'2", f"o{n}", NOW - timedelta(hours=5 - n), 10 + n)
    records, _ = await poll(sta, context)
    assert [record.id for record in records if isinstance(record, Thing)] == ["sta:1", "sta:b"]
    assert all(record.geometry for record in records if isinstance(record, Thing))
    assert sorted(results(records)) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert {record.observed_property for record in records if isinstance(record, Observation)} == {"pm25"}


async def test_never_counts_and_never_builds_an_offset(sta: Sta, context: Context) -> None:
    for n in range(7):
        sta.add("11", n, NOW - timedelta(minutes=n))
    await poll(sta, context)
    ours = [q for path, q in sta.asked if "$skip" not in q]
    assert ours
    assert not [q for _, q in sta.asked if "$count" in q]


async def test_goes_on_after_the_last_by_time_and_id(sta: Sta, context: Context) -> None:
    at = NOW - timedelta(hours=1)
    sta.add("11", 1, at, 1)
    sta.add("11", 2, at, 2)
    records, cursor = await poll(sta, context)
    assert results(records) == [1, 2]
    assert results((await poll(sta, context, cursor))[0]) == []
    sta.add("11", 3, at, 3)  # the same instant, later
    sta.add("11", 4, at + timedelta(minutes=1), 4)
    records, cursor = await poll(sta, context, json.loads(json.dumps(cursor)))
    assert results(records) == [3, 4]
    assert results((await poll(sta, context, cursor))[0]) == []


async def test_a_time_ahead_does_not_hide_what_comes_later(sta: Sta, context: Context) -> None:
    sta.add("11", 1, NOW + timedelta(days=1), 1)
    records, cursor = await poll(sta, context)
    assert results(records) == [1]
    sta.add("11", 2, NOW + timedelta(minutes=1), 2)
    assert results((await poll(sta, context, cursor))[0]) == [2]


async def test_overlap_reads_again_for_what_came_late(sta: Sta, context: Context) -> None:
    sta.add("11", 1, NOW - timedelta(minutes=1), 1)
    _, cursor = await poll(sta, context)
    sta.add("11", 2, NOW - timedelta(minutes=30), 2)
    assert results((await poll(sta, context, cursor))[0]) == []
    assert results((await poll(sta, context, cursor, overlap_s=3600))[0]) == [2]


async def test_the_token_is_sent_and_things_are_asked_once_an_hour(sta: Sta, context: Context) -> None:
    _, cursor = await poll(sta, context, token_env="STA_TOKEN")
    assert set(sta.tokens) == {f"Bearer {TOKEN}"}
    sta.asked.clear()
    await poll(sta, context, cursor, token_env="STA_TOKEN")
    assert not [path for path, _ in sta.asked if path == "Things"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"value": 3}',
        b'{"value": [], "@iot.nextLink": "http://a:b/x"}',
        b'{"value": [], "@iot.nextLink": "file:///etc/passwd"}',
        b'{"value": [], "@iot.nextLink": "?a=1"}',
    ],
)
async def test_what_is_no_sensorthings_is_garbled(sta: Sta, context: Context, body: bytes) -> None:
    sta.broken = body
    with pytest.raises(Garbled):
        await poll(sta, context)


async def test_nobody_there(context: Context) -> None:
    with pytest.raises(Unreachable, match=r"^http://127\.0\.0\.1:9/v1\.1/Things does not answer"):
        [b async for b in batches(SensorThingsOptions(url="http://user:pw@127.0.0.1:9/v1.1"), context, None)]


async def test_a_body_too_large_is_refused(sta: Sta, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.http.MAX_BODY_B", 1 << 16)
    sta.broken = b" " * (1 << 20)
    with pytest.raises(Garbled, match="a body of more than"):
        await poll(sta, context)
