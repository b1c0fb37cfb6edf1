"""GDELT DOC 2.0: the list, its limit, its own words for errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Event
from geodata.store.types import Batch
from sources._served import closed
from sources.base import Context, Garbled, Unreachable
from sources.gdelt import GdeltOptions, batches, parse
from sources.http import client

PAYLOAD = (Path(__file__).parents[1] / "payloads/gdelt/good_artlist.json").read_text()
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


class Api(tornado.web.RequestHandler):
    """Answers with ``replies`` in turn, the last for ever."""

    def initialize(self, replies: list[tuple[int, str]], asked: list[tuple[float, dict[str, str]]]) -> None:
        self.replies, self.asked = replies, asked

    def get(self) -> None:
        self.asked.append((monotonic(), {key: self.get_query_argument(key) for key in self.request.arguments}))
        status, body = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.set_status(status)
        self.finish(body)


Served = tuple[str, list[tuple[int, str]], list[tuple[float, dict[str, str]]]]


@pytest.fixture
async def api() -> AsyncIterator[Served]:
    replies, asked = [(200, PAYLOAD)], list[tuple[float, dict[str, str]]]()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    routes = [(".*", Api, {"replies": replies, "asked": asked})]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=print))
    server.add_socket(sock)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}/doc", replies, asked
    await closed(server)


async def read(url: str, cursor: Any = None, **options: Any) -> list[Batch]:
    async with client() as http:
        context = Context(http=http, clock=lambda: NOW, service="press")
        chosen = GdeltOptions(url=url, **{"apart_s": 0.1, **options})
        return [batch async for batch in batches(chosen, context, cursor)]


async def test_articles_are_placed_by_their_headlines(api: Served) -> None:
    url, _, asked = api
    (batch,) = await read(url)
    first, second = (row for row in batch.records if isinstance(row, Event))
    assert first.title == "Ngập sâu ở phường Vỹ Dạ, thành phố Huế"
    assert (first.place_level, first.category) == ("ward", "environment")
    assert first.time == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert (second.place_level, second.url) == ("province", "https://news.example.com/a")
    assert second.id == "gdelt:https://news.example.com/a"
    params = asked[0][1]
    assert {key: params[key] for key in ("mode", "format", "maxrecords", "timespan")} == {
        "mode": "artlist", "format": "json", "maxrecords": "250", "timespan": "24h",
    }  # fmt: skip
    (again,) = await read(url, batch.cursor)
    assert again.records == []


async def test_questions_keep_their_distance(api: Served) -> None:
    url, _, asked = api
    await read(url, queries=("a", "b", "c"), apart_s=0.2)
    times = [when for when, _ in asked]
    assert all(later - earlier > 0.19 for earlier, later in pairwise(times))


async def test_too_many_is_waited_for_and_then_said(api: Served) -> None:
    url, replies, asked = api
    replies.insert(0, (429, "Please limit requests to one every 5 seconds."))
    (batch,) = await read(url)
    assert len(batch.records) == 2
    assert len(asked) == 2
    replies[:] = [(429, "Please limit requests to one every 5 seconds.")]
    with pytest.raises(Unreachable, match="429"):
        await read(url)


async def test_its_own_words_for_errors_and_for_nothing(api: Served) -> None:
    url, replies, _ = api
    replies[:] = [(200, "The specified phrase is too short.")]
    with pytest.raises(Garbled, match="phrase is too short"):
        await read(url)
    replies[:] = [(200, "{}")]
    (batch,) = await read(url)
    assert batch.records == []


def test_titles_that_break_json_are_still_read() -> None:
    body = PAYLOAD.replace("Flooding in Hue", r"Flooding \' in" + "\x0b Hue")
    rows = list(parse(body.encode(), GdeltOptions(service="press"), NOW))
    assert [row.title for row in rows if isinstance(row, Event)][1] == "Flooding \\' in Hue, central Vietnam"


def test_rejected_articles_can_be_read_again() -> None:
    body = json.dumps({"articles": [{"url": "https://a.example/1", "title": "x", "seendate": "bald"}]})
    (row,) = parse(body.encode(), GdeltOptions(service="press"), NOW)
    assert not isinstance(row, Event)
    assert json.loads(getattr(row, "payload", b"")) == json.loads(body)
