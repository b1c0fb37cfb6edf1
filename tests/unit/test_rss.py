"""RSS and Atom: what entries say, when, and which of them is which; the client over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from shapely.geometry import Point

from geodata.records import Event, Rejected
from geodata.store.types import Batch
from sources._rss_dates import read as date_of
from sources._rss_text import canonical, plain
from sources._rss_topics import topic
from sources._served import closed
from sources.base import Context, Garbled, Unreachable
from sources.http import client
from sources.rss import RssOptions, batches, parse
from tests.support.patience import linear

PAYLOADS = Path(__file__).parents[1] / "payloads/rss"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OPTIONS = RssOptions(url="https://tin.example.vn/rss", service="press", provinces=("46",))


def rows(body: bytes | str) -> list[Event | Rejected]:
    found = parse(body if isinstance(body, bytes) else body.encode(), OPTIONS, NOW)
    return [row for row in found if isinstance(row, Event | Rejected)]


def events(body: bytes | str) -> list[Event]:
    return [row for row in rows(body) if isinstance(row, Event)]


def feed(*items: str) -> str:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<rss version="2.0"><channel><title>Tin thử</title><link>https://tin.example.vn/</link>{inner}</channel></rss>'
    )


def item(number: int, title: str = "Tin", more: str = "") -> str:
    link = f"https://tin.example.vn/{number}.html"
    return f"<title>{title}</title><link>{link}</link><guid>{link}</guid>{more}"


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 21 Nov 2026 08:00:00 +0700", "Sat, 21 Nov 2026 01:00:00 GMT", "21 Nov 2026 08:00:00 +0700",
        "2026-11-21T01:00:00Z", "2026-11-21T08:00:00+0700",
        # the library reads these seven hours late, without a warning
        "2026-11-21T08:00:00", "2026-11-21 08:00:00", "Sat, 21 Nov 2026 08:00:00 ICT",
        # and these not at all
        "Sat, 21 Nov 2026 08:00:00", "Sat, 21 Nov 2026 08:00:00 GMT+7", "21/11/2026 08:00", "11/21/2026 8:00:00 AM",
        "Thứ bảy, 21/11/2026, 08:00 (GMT+7)", "21 Tháng Mười Một 2026 08:00",
        "21 tháng 11, 2026 08:00", "Thứ Bảy, ngày 21 tháng 11 năm 2026 8h00", "21/11/2026 8:00:00 SA",
        "08:00 21/11/2026",
        "21-11-2026 | 08:00", "8 giờ 00 phút 21/11/2026", "Sat, 21 Th11 2026 08:00:00 +0700", "1795222800",
        "Sat, 21 Nov 2026 08:00:00 GMT+0700", "Sat, 21 Nov 26 08:00:00 +0700", "Nov 21, 2026 8:00 AM",
    ],
)  # fmt: skip
def test_dates_of_every_outlet_are_one_instant(text: str) -> None:
    assert date_of(text, ZONE) == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def test_afternoons_in_two_languages() -> None:
    assert date_of("21/11/2026 8:05:00 CH", ZONE) == date_of("11/21/2026 8:05:00 PM", ZONE)
    assert date_of("21/11/2026 12:30:00 SA", ZONE) == datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    assert date_of("04/05/2026 08:00", ZONE).month == 5  # day first
    assert date_of("04/05/2026 8:00:00 AM", ZONE).month == 4


@pytest.mark.parametrize(
    "text", ["", "hôm nay", "99/99/2026", "31/02/2026 10:00", "0001-01-01", "9999-12-31", "25:99 21/11/2026", "1" * 500]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no(t a date| time)|day|month|hour"):
        date_of(text, ZONE)


def test_a_feed_is_read_whole() -> None:
    flood, jam, festival = events((PAYLOADS / "good_rss2.xml").read_bytes())
    assert flood.id == "rss:tin.example.vn/101"
    assert flood.url == "https://tin.example.vn/ngap-vy-da-101.html"
    assert flood.time == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert flood.title == "Ngập sâu ở phường Vỹ Dạ sau mưa lớn"
    assert flood.description == "Nước sông Hương lên nhanh, nhiều tuyến đường ở phường Vỹ Dạ, TP Huế ngập."
    assert (flood.category, flood.place_level, flood.place_confidence) == ("politics", "ward", 0.95)
    assert flood.geometry is not None
    assert flood.geometry.geom_type == "Polygon"
    assert flood.properties["image"] == "https://tin.example.vn/a.jpg"
    assert flood.properties["outlet"] == "Tin thử miền Trung"
    place = flood.properties["place"]
    assert isinstance(place, dict)
    assert place["codes"] == ["19777"]
    assert (jam.place_level, jam.place_confidence) == ("point", None)
    assert jam.geometry == Point(107.5909, 16.4637)
    assert jam.time == datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    assert jam.category == "urban"
    assert festival.title == "Lễ hội áo dài"
    assert festival.url == festival.id.removeprefix("rss:") == "https://tin.example.vn/le-hoi-103.html"
    assert festival.geometry == Point(107.577, 16.469)


def test_atom_and_the_older_kinds() -> None:
    robots, school = events((PAYLOADS / "good_atom.xml").read_bytes())
    assert robots.id == "rss:urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
    assert (robots.place_level, robots.geometry) == ("none", None)
    assert school.time == datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    assert (school.category, school.description, school.place_level) == ("education", "Học sinh đến lớp.", "ward")
    (xslt,) = events((PAYLOADS / "good_rss1.rdf.xml").read_bytes())
    assert xslt.time.year == 2000
    (gnutella,) = events((PAYLOADS / "good_rss091.xml").read_bytes())
    assert gnutella.title == "Giving the world a pluggable Gnutella"


def test_dates_that_cannot_be_believed_are_said() -> None:
    found = rows((PAYLOADS / "partial_dates.xml").read_bytes())
    reasons = [row.reason for row in found if isinstance(row, Rejected)]
    assert reasons == ["date_ahead", "no_date", "bad_date", "malformed", "malformed"]
    assert [row.time for row in found if isinstance(row, Event)] == [NOW, NOW, NOW]
    kept = next(row.payload for row in found if isinstance(row, Rejected))
    assert events(kept or b"")[0].title == "Ngày mai trời mưa ở Huế"


def test_ten_minutes_ahead_is_a_clock_and_no_mistake() -> None:
    def dated(minutes: float) -> list[Event | Rejected]:
        time = (NOW + timedelta(minutes=minutes)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return rows(feed(item(1, more=f"<pubDate>{time}</pubDate>")))

    assert len(dated(9)) == 1
    assert len(dated(11)) == 2


def test_identity_survives_counters_and_bad_guids() -> None:
    same = [item(1).replace("1.html", f"1.html?utm_source={n}&amp;fbclid=x") for n in "ab"]
    assert {event.id for event in events(feed(same[0])) + events(feed(same[1]))} == {
        "rss:https://tin.example.vn/1.html"
    }
    twice = [item(n).replace(f"<guid>https://tin.example.vn/{n}.html</guid>", "<guid>0</guid>") for n in (1, 2)]
    assert len({event.id for event in events(feed(*twice))}) == 2
    assert canonical("HTTPS://Tin.Example.VN:443/a?b=1&utm_medium=rss#c") == "https://tin.example.vn/a?b=1"
    assert canonical("javascript:alert(1)") is None


def test_words_are_plain() -> None:
    assert plain("<p>Mưa&nbsp;lớn<br/>ở <b>Huế</b></p><script>alert(1)</script>") == "Mưa lớn ở Huế"


def test_texts_without_end_cost_no_minutes() -> None:
    for part in ("<script ", "<!--", "<a", "<![CDATA[", "&aacute", "<p>"):

        def read(n: int, part: str = part) -> None:
            plain(part * n)
            rows(feed(item(1, more=f"<description>{part * n}</description>")) + "<!DOCTYPE x [")

        assert linear(read, 10_000), part


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Mưa lớn gây ngập nhiều nơi", "environment"),
        ("Công an bắt giữ nhóm trộm", "security"),
        ("Khai mạc lễ hội áo dài", "culture"),
        ("Bác bỏ tin đồn vỡ đập: thông tin sai sự thật", "rumour"),
        ("Chuyện của một người", None),
    ],
)
def test_topics_are_categories_of_the_press(title: str, category: str | None) -> None:
    assert topic("press", (), title, "") == category
    assert topic("press", ("Y tế",), title, "") == "health"
    assert topic("press", (), title, "", {"economy": ("chuyện", "mưa lớn", "bắt giữ", "lễ hội", "tin đồn")}) is not None


def test_entities_and_dtds_are_refused_in_every_encoding() -> None:
    bomb = (PAYLOADS / "broken_bomb.xml").read_text()
    for body in (bomb.encode(), bomb.encode("utf-16"), bomb.lower().replace("<!doctype", "<!DocType").encode()):
        (found,) = rows(body)
        assert isinstance(found, Rejected)
        assert "DTD" in found.detail
    quoted = feed(item(1, more="<description><![CDATA[<!DOCTYPE html><p>x</p>]]></description>"))
    assert events(quoted)[0].description == "x"


def test_a_payload_that_is_the_name_of_a_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "secret.xml"
    path.write_text(feed(item(1)))
    assert not events(str(path).encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1258"])
def test_encodings(encoding: str) -> None:
    name = "Hue" if encoding == "windows-1258" else "Huế"
    body = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>' + feed(item(1, f"Lũ ở {name}"))
    assert events(body.encode(encoding, "ignore"))[0].id


def test_georss_that_is_the_wrong_way_round_or_none() -> None:
    def placed(point: str) -> Event:
        body = feed(item(1, more=f'<g:point xmlns:g="http://www.georss.org/georss">{point}</g:point>'))
        return events(body)[0]

    assert placed("107.59 16.46").geometry == Point(107.59, 16.46)
    for text in ("999 999", "0 0", "x y"):
        assert placed(text).geometry is None


class Page(tornado.web.RequestHandler):
    answered: list[int]
    body: list[str]

    def initialize(self, answered: list[int], body: list[str]) -> None:
        self.answered, self.body = answered, body

    def get(self) -> None:
        if not self.body:
            self.set_status(500)
        else:
            self.finish(self.body[0])

    def on_finish(self) -> None:
        self.answered.append(self.get_status())


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[str], list[int]]]:
    body, answered = [feed(item(1), item(2))], list[int]()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    routes = [(".*", Page, {"answered": answered, "body": body})]
    opened = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=print))
    opened.add_socket(sock)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}/rss", body, answered
    await closed(opened)


async def read(url: str, cursor: Any = None, now: datetime = NOW) -> list[Batch]:
    async with client() as http:
        context = Context(http=http, clock=lambda: now, service="press")
        return [batch async for batch in batches(RssOptions(url=url), context, cursor)]


async def test_only_what_changed_is_handed_on(server: tuple[str, list[str], list[int]]) -> None:
    url, body, answered = server
    (first,) = await read(url)
    assert len(first.records) == 2
    assert await read(url, first.cursor) == []
    assert answered == [200, 304]
    body[0] = feed(item(1, "Tin, đã sửa"), item(2), item(3))
    (second,) = await read(url, first.cursor, NOW + timedelta(hours=1))
    titles = {row.id: (row.title, row.time) for row in second.records if isinstance(row, Event)}
    assert titles == {
        "rss:https://tin.example.vn/1.html": ("Tin, đã sửa", NOW),  # without a date: the first arrival stays
        "rss:https://tin.example.vn/3.html": ("Tin", NOW + timedelta(hours=1)),
    }


async def test_failures_are_in_the_words_of_sources(server: tuple[str, list[str], list[int]]) -> None:
    url, body, _ = server
    body[0] = "<html>Bảo trì</html>"
    with pytest.raises(Garbled, match="html"):
        await read(url)
    body.clear()
    with pytest.raises(Unreachable, match="500"):
        await read(url)


async def test_a_feed_that_breaks_off_gives_what_it_has(server: tuple[str, list[str], list[int]]) -> None:
    url, body, _ = server
    body[0] = feed(item(1), item(2))[:-60]
    (found,) = await read(url)
    assert len(found.records) >= 1
    assert [row.reason for row in found.rejected if row.reason == "not_well_formed"]
