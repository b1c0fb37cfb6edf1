"""CAP: index, folder and inbox against a small server, over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Alert
from geodata.store.types import Batch
from sources._served import closed
from sources.base import Context, Garbled, Received, Unreachable
from sources.cap import SOURCE, CapOptions, batches
from sources.http import client

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TOKEN = "t0k3n-of-the-city"


def message(identifier: str, sent: str = "2026-11-21T08:00:00+07:00") -> str:
    return (
        f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>'
        f"<sender>kttv@example.vn</sender><sent>{sent}</sent><status>Actual</status><msgType>Alert</msgType>"
        "<scope>Public</scope></alert>"
    )


@dataclass
class Office:
    """Serves ``pages`` by path with an ETag (Tornado's own) and remembers what was asked and answered."""

    pages: dict[str, str | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""

    def atom(self, *names: str, updated: str = "2026-11-21T08:00:00Z") -> None:
        entries = "".join(
            f"<entry><id>urn:{name}</id><updated>{updated}</updated>"
            f'<link type="application/cap+xml" href="{name}.xml"/></entry>'
            for name in names
        )
        self.pages["/cap/index"] = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
        self.pages.update({f"/cap/{name}.xml": message(name) for name in names if f"/cap/{name}.xml" not in self.pages})


class Page(tornado.web.RequestHandler):
    def initialize(self, office: Office) -> None:
        self.office = office

    def get(self) -> None:
        self.office.asked.append(self.request.path)
        self.office.tokens.append(self.request.headers.get("Authorization"))
        page = self.office.pages.get(self.request.path, 404)
        if isinstance(page, int):
            self.set_status(page)
        else:
            self.write(page)

    def on_finish(self) -> None:
        self.office.answered.append(self.get_status())


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    found = Office()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    server = tornado.httpserver.HTTPServer(
        tornado.web.Application([(".*", Page, {"office": found})], log_function=print)
    )
    server.add_socket(sock)
    yield found
    await closed(server)


async def read(options: CapOptions, cursor: Any = None, **context: Any) -> list[Batch]:
    async with client() as http:
        own = Context(http=http, clock=lambda: NOW, service="warnings", secret=lambda name: TOKEN, **context)
        return [batch async for batch in batches(options, own, cursor)]


def identifiers(found: Sequence[Batch]) -> list[str]:
    return [row.identifier for batch in found for row in batch.records if isinstance(row, Alert)]


async def test_only_new_and_changed_messages_are_fetched(office: Office) -> None:
    office.atom("a", "b")
    options = CapOptions(url=f"{office.url}/cap/index")
    first = await read(options)
    assert identifiers(first) == ["a", "b"]
    office.asked.clear()
    assert await read(options, first[-1].cursor) == []
    assert office.asked == ["/cap/index"]
    assert office.answered[-1] == 304
    office.atom("a", "b", "c")
    second = await read(options, first[-1].cursor)
    assert identifiers(second) == ["c"]
    office.asked.clear()
    office.atom("b", "c", updated="2026-11-21T09:00:00Z")
    third = await read(options, second[-1].cursor)
    assert identifiers(third) == ["b", "c"]
    cursor = third[-1].cursor
    assert cursor is not None
    assert len(cursor["seen"]) == 2  # type: ignore[arg-type]  # a mapping


async def test_a_kill_between_index_and_messages_loses_nothing(office: Office) -> None:
    office.atom(*(f"m{n:02}" for n in range(45)))
    options = CapOptions(url=f"{office.url}/cap/index")
    found = await read(options)
    assert len(identifiers(found)) == 45
    committed = found[0].cursor  # the store took the first batch, then the power went
    rest = identifiers(await read(options, committed))
    assert sorted(identifiers(found[:1]) + rest) == sorted(identifiers(found))


async def test_a_message_that_is_missing_is_said_once_and_asked_for_again(office: Office) -> None:
    office.atom("a", "b")
    office.pages["/cap/b.xml"] = 404
    options = CapOptions(url=f"{office.url}/cap/index")
    first = await read(options)
    assert [row.reason for batch in first for row in batch.rejected] == ["missing_message"]
    office.pages["/cap/b.xml"] = message("b")
    office.pages["/cap/index"] = str(office.pages["/cap/index"]) + "\n"
    second = await read(options, first[-1].cursor)
    assert identifiers(second) == ["b"]


async def test_a_server_in_trouble_is_unreachable_and_nothing_is_skipped(office: Office) -> None:
    office.atom("a")
    office.pages["/cap/a.xml"] = 503
    options = CapOptions(url=f"{office.url}/cap/index")
    with pytest.raises(Unreachable):
        await read(options)
    office.pages["/cap/a.xml"] = message("a")
    assert identifiers(await read(options)) == ["a"]


async def test_an_index_that_is_none_is_garbled(office: Office) -> None:
    office.pages["/cap/index"] = "<html>Bảo trì</html>"
    with pytest.raises(Garbled, match="html"):
        await read(CapOptions(url=f"{office.url}/cap/index"))


async def test_the_token_is_shown_to_its_own_server_only(office: Office) -> None:
    office.atom("a")
    foreign = office.url.replace("127.0.0.1", "localhost")
    office.pages["/cap/index"] = str(office.pages["/cap/index"]).replace("a.xml", f"{foreign}/cap/a.xml")
    await read(CapOptions(url=f"{office.url}/cap/index", token_env="CAP_TOKEN"))
    assert office.tokens[0] == f"Bearer {TOKEN}"
    assert office.tokens[1:] in ([None], [])


async def test_rss_whose_links_lead_to_messages(office: Office) -> None:
    office.atom("a")
    office.pages["/cap/index"] = (
        '<rss version="2.0"><channel><item><title>x</title><link>a.xml</link><guid>1</guid></item>'
        "<item><title>y</title><link>file:///etc/passwd</link></item></channel></rss>"
    )
    found = await read(CapOptions(url=f"{office.url}/cap/index"))
    assert identifiers(found) == ["a"]
    assert [row.reason for batch in found for row in batch.rejected] == ["no_link"]


async def test_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(message("a"))
    (tmp_path / "b.cap").write_text(message("b"))
    (tmp_path / "half.xml").write_text(message("half")[:100])
    (tmp_path / "notes.txt").write_text("nothing")
    options = CapOptions(path=str(tmp_path))
    first = await read(options)
    assert sorted(identifiers(first)) == ["a", "b"]
    assert await read(options, first[-1].cursor) == []
    (tmp_path / "half.xml").write_text(message("whole"))
    second = await read(options, first[-1].cursor)
    assert identifiers(second) == ["whole"]
    with pytest.raises(Unreachable):
        await read(CapOptions(path=str(tmp_path / "none")))


class Box:
    """An inbox that holds these messages."""

    def __init__(self, *messages: str) -> None:
        self.messages = [Received(id=n, arrival=NOW, payload=text.encode()) for n, text in enumerate(messages, 1)]

    async def read(self, after: int, *, wait_s: float) -> Sequence[Received]:
        del wait_s
        return [entry for entry in self.messages if entry.id > after][:2]


async def test_what_is_pushed_is_read_from_the_inbox() -> None:
    box = Box(message("a"), "<x/>", message("c"))
    found = await read(CapOptions(push=True), inbox=box)
    assert identifiers(found) == ["a", "c"]
    assert [row.reason for batch in found for row in batch.rejected] == ["garbled"]
    assert [batch.cursor for batch in found] == [{"inbox": 2}, {"inbox": 3}]
    assert identifiers(await read(CapOptions(push=True), {"inbox": 2}, inbox=box)) == ["c"]
    with pytest.raises(Unreachable, match="intake"):
        await read(CapOptions(push=True))


async def test_push_and_index_share_a_cursor(office: Office) -> None:
    office.atom("a")
    options = CapOptions(push=True, url=f"{office.url}/cap/index", push_token_env="PUSH")
    found = await read(options, inbox=Box(message("p")))
    assert identifiers(found) == ["p", "a"]
    assert set(found[-1].cursor or {}) == {"inbox", "seen", "index"}
    receiver = SOURCE.receiver(options)
    assert receiver is not None
    assert receiver.token_env == "PUSH"
    assert SOURCE.receiver(CapOptions(url="x")) is None


async def test_options_that_name_nothing_to_read_are_said() -> None:
    with pytest.raises(Unreachable, match="name no url"):
        await read(CapOptions())
