"""The probe: what it may contact, what it makes of servers good and bad. Certificates are trustme's."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from pydantic import ValidationError

from geodata.ending import shut
from geodata.records import Observation, Record, Thing
from sources._probe_dns import resolver as asking
from sources._probe_dns import state
from sources._probe_http import allowed
from sources._probe_options import DnsCheck, ProbeOptions, ProbeSite
from sources.base import Context, Garbled, Unreachable
from sources.probe import batches
from sources.simulator.faults import Faults
from sources.simulator.site_targets import NameServer
from tests.support.patience import NEVER_S, in_time

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def answering(status: str, body: bytes = b"", *headers: bytes) -> Serve:
    async def serve(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [b"HTTP/1.1 " + status.encode(), b"Content-Length: %d" % len(body), b"Connection: close", *headers]
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    return serve


async def mute(_: bytes, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(NEVER_S)


async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _n in range(2000):
        writer.write(b"x" * 65536)
        await writer.drain()


async def nonsense(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xffSSH-2.0-OpenSSH_9.2\r\n")


@asynccontextmanager
async def server(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port, and the first lines of the requests that came."""
    asked: list[bytes] = []
    serving: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                asked.append(head)
                await serve(head, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    opened = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield opened.sockets[0].getsockname()[1], asked
    finally:
        await shut(opened)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def probe(*sites: dict[str, Any], **options: Any) -> list[Record]:
    """The records of one round over these sites and one that always answers (so that the line is not to blame)."""
    async with server(answering("204 No Content")) as (port, _), httpx.AsyncClient() as http:
        sure = {"id": "sure", "url": f"http://127.0.0.1:{port}/"}
        chosen = ProbeOptions.model_validate({"sites": [*sites, sure], "timeout_s": 2, **options})
        context = Context(http=http, service="information_security")
        return [row async for batch in batches(chosen, context, None) for row in batch.records]


def of(rows: list[Record], site: str) -> dict[str, Any]:
    found = [row for row in rows if isinstance(row, Observation) and row.thing_id == f"site:{site}"]
    return {row.observed_property: row.result for row in found}


async def test_a_page_that_is_as_expected_and_one_that_is_not() -> None:
    page = "<h1>Ủy ban nhân dân phường Vỹ Dạ</h1>".encode()
    async with server(answering("200 OK", page)) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        place = {"name": "Cổng phường", "agency": "ubnd_1", "lon": 107.6, "lat": 16.47}
        rows = await probe(
            {"id": "good", "url": url, "expect_text": "Ủy ban", **place},
            {"id": "text", "url": url, "expect_text": "Sở Y tế"},
            {"id": "forbidden", "url": url, "forbid_text": ["Vỹ Dạ"]},
            {"id": "status", "url": url, "expect_status": [401]},
        )
    assert (of(rows, "good")["up"], of(rows, "good")["content"], of(rows, "good")["http_status"]) == (
        "up",
        "as_expected",
        "200",
    )
    assert 0 < of(rows, "good")["response_time"] < 2000
    assert (of(rows, "text")["up"], of(rows, "text")["content"]) == ("up", "changed")
    assert of(rows, "forbidden")["content"] == "changed"
    assert of(rows, "status")["up"] == "down"
    (thing,) = [row for row in rows if isinstance(row, Thing) and row.id == "site:good"]
    assert (thing.name, thing.agency, thing.category) == ("Cổng phường", "ubnd_1", "site")


@pytest.mark.parametrize("serve", [mute, endless, nonsense, answering("500 Internal Server Error")])
async def test_bad_servers_are_down_in_time_and_take_no_memory(serve: Serve) -> None:
    async with in_time(), server(serve) as (port, _):
        rows = await probe({"id": "bad", "url": f"http://127.0.0.1:{port}/", "expect_text": "y"}, timeout_s=0.5)
    told = of(rows, "bad")
    assert told["up"] == ("up" if serve is endless else "down")  # its first bytes were enough
    assert ("http_status" in told) == (serve not in (mute, nonsense))


async def test_a_redirect_to_another_host_or_port_is_never_followed() -> None:
    async with server(answering("200 OK", b"secret")) as (inner, asked):
        for target in (
            f"http://localhost:{inner}/",
            f"http://127.0.0.1:{inner}/",
            "file:///etc/passwd",
            "//evil.example/",
        ):
            away = answering("302 Found", b"", b"Location: " + target.encode())
            async with server(away) as (port, _):
                told = of(await probe({"id": "a", "url": f"http://127.0.0.1:{port}/"}), "a")
            assert told["http_status"] == "302"
        assert not asked


async def test_redirects_on_the_own_host_end() -> None:
    async with server(answering("302 Found", b"", b"Location: /again")) as (port, asked):
        told = of(await probe({"id": "a", "url": f"http://127.0.0.1:{port}/"}), "a")
        none = of(await probe({"id": "a", "url": f"http://127.0.0.1:{port}/", "redirects": "none"}), "a")
    assert told["up"] == "down"
    assert (none["up"], none["http_status"]) == ("up", "302")
    assert len(asked) == 6


def test_which_redirects_are_allowed() -> None:
    site = ProbeSite(id="a", url="http://a.example:8080/", redirect_hosts=("b.example",))
    yes = ("http://a.example:8080/x", "https://a.example/", "http://a.example/", "https://b.example/")
    no = (
        "http://a.example:22/",
        "http://c.example/",
        "ftp://a.example/",
        "https://u:p@a.example/",
        "http://b.example:6379/",
    )
    assert all(allowed(httpx.URL(url), site) for url in yes)
    assert not any(allowed(httpx.URL(url), site) for url in no)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return authority, path


def context(ca: trustme.CA, name: str, **more: Any) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **more).configure_cert(found)
    return found


@pytest.mark.parametrize(
    ("name", "days", "trusted", "state"),
    [
        ("cong.example", 40, True, "valid"),
        ("cong.example", -3, True, "expired"),
        ("khac.example", 40, True, "wrong_host"),
        ("cong.example", 40, False, "untrusted"),
    ],
)
async def test_certificates_are_read_even_when_they_are_not_valid(
    ca: tuple[trustme.CA, Path], name: str, days: int, trusted: bool, state: str
) -> None:
    now = datetime.now(UTC)
    leaf = {"not_after": now + timedelta(days=days, hours=1), "not_before": now - timedelta(days=90)}
    async with server(answering("200 OK", b"a"), context(ca[0], name, **leaf)) as (port, asked):
        site = {"id": "a", "url": f"https://cong.example:{port}/", "address": f"127.0.0.1:{port}"}
        rows = await probe(site, **({"ca_file": str(ca[1])} if trusted else {}))
    told = of(rows, "a")
    assert (told["certificate"], told["up"], told["tls_version"]) == (state, "up", "TLSv1.3")
    assert days - 0.01 < told["certificate_days"] - 1 / 24 < days + 0.01
    assert f"Host: cong.example:{port}".encode() in asked[0]
    (thing,) = [row for row in rows if isinstance(row, Thing) and row.id == "site:a"]
    assert thing.properties["certificate"]["names"] == [name]  # type: ignore[index]  # JSON


async def test_names() -> None:
    names = NameServer("a", Faults(["a"]), {"cong.example": "203.0.113.7"})
    port = await names.open(0)
    try:
        ask = asking(f"127.0.0.1:{port}", 0.5)
        for name, kind, expect, word in (
            ("cong.example", "A", ("203.0.113.7",), "as_expected"),
            ("Cong.Example.", "A", (), "as_expected"),
            ("cong.example", "A", ("203.0.113.8",), "changed"),
            ("cong.example", "MX", (), "missing"),
            ("khac.example", "A", (), "missing"),
        ):
            check = DnsCheck.model_validate({"name": name, "type": kind, "expect": expect})
            assert await state(check, ask) == word
        only = {"id": "b", "dns": [{"name": "khac.example"}]}
        told = of(await probe(only, resolver=f"127.0.0.1:{port}"), "b")
        assert told == {"up": "down", "dns": "missing"}
    finally:
        await names.close()
    assert await state(DnsCheck(name="cong.example"), asking(f"127.0.0.1:{port}", 0.3)) == "failed"


async def test_when_nobody_answers_it_is_our_line() -> None:
    sites = [{"id": str(n), "url": f"http://127.0.0.1:9/{n}"} for n in range(3)]
    async with httpx.AsyncClient() as http:
        with pytest.raises(Unreachable, match="none of 3 probed sites"):
            await anext(batches(ProbeOptions.model_validate({"sites": sites}), Context(http=http), None))
        with pytest.raises(Garbled, match="no sites"):
            await anext(batches(ProbeOptions(), Context(http=http), None))
        with pytest.raises(Garbled, match="its settings"):
            await anext(
                batches(ProbeOptions.model_validate({"sites": sites, "ca_file": "/no/such"}), Context(http=http), None)
            )


@pytest.mark.parametrize(
    "site",
    [
        {"id": "a"},
        {"id": "a", "url": "ftp://a.example/"},
        {"id": "a", "url": "file:///etc/passwd"},
        {"id": "a", "url": "http://a.example/", "address": "user@b.example:1"},
    ],
)
def test_what_may_not_be_listed(site: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProbeOptions.model_validate({"sites": [site]})
    with pytest.raises(ValidationError, match="more than once"):
        ProbeOptions.model_validate({"sites": [{"id": "a", "url": "http://a/"}] * 2})
