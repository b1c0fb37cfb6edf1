"""What every adapter that asks over HTTP owes: a bad server is a feed that is down, in one line, soon and in bounds."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from geodata.ending import shut
from geodata.records import Rejected
from sources.base import Context, Options, Source, SourceError, names, protocol
from sources.http import client
from tests.support.kit import dead_end, service_of

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MIB = 1 << 20
PATIENCE_S = 40.0


def asks_over_http(source: Source[Options]) -> bool:
    return str(dead_end(source).get("url", "")).startswith("http") and source.poll_s(_dead(source)) is not None


def _dead(source: Source[Options]) -> Options:
    return source.options.model_validate({**dead_end(source), "service": service_of(source)})


def over_http() -> list[str]:
    found = []
    for name in names():
        with suppress(Exception):  # one that cannot be loaded fails its other tests
            if asks_over_http(protocol(name)):
                found.append(name)
    return found


HTTP = pytest.mark.parametrize("source", over_http(), indirect=True)


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Answers every connection the same; its base URL."""
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await reader.readuntil(b"\r\n\r\n")
                await answer(writer)
        finally:
            writer.close()
            serving.discard(task)

    opened = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = opened.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await shut(opened)
        for task in [*serving]:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n[")
    for _ in range(2048):
        writer.write(b'"' + b"A" * MIB)
        await writer.drain()


def plain(status: str, body: bytes, headers: bytes = b"") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        length = str(len(body)).encode()
        writer.write(
            b"HTTP/1.1 " + status.encode() + b"\r\n" + headers + b"Content-Length: " + length + b"\r\n\r\n" + body
        )
        await writer.drain()

    return answer


async def cut(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'Content-Length: 1000\r\n\r\n{"value": [')
    await writer.drain()


async def mute(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(PATIENCE_S)


BAD: dict[str, Answer] = {
    "cut": cut,
    "mute": mute,
    "refused": plain("401 Unauthorized", b"no"),
    "gone": plain("404 Not Found", b"<html>404</html>"),
    "broken": plain("500 Internal Server Error", b"oops"),
    "busy": plain("429 Too Many Requests", b"", b"Retry-After: 1\r\n"),
    "loop": plain("302 Found", b"", b"Location: /again\r\n"),
    "html": plain("200 OK", b"<!DOCTYPE html><html><body>Please log in</body></html>"),
    "nothing": plain("200 OK", b""),
}


async def outcome(source: Source[Options], url: str) -> tuple[str | None, list[Rejected], int]:
    """The error in words, what was rejected, and how many records there were."""
    options = source.options.model_validate({**dead_end(source), **at(source, url), "service": service_of(source)})
    rejected: list[Rejected] = []
    records = 0
    async with client(timeout=1.0) as http:
        context = Context(http=http, service=service_of(source))
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for batch in source.batches(options, context, None):
                    rejected += batch.rejected
                    records += len(batch.records)
        except SourceError as error:
            return str(error), rejected, records
    return None, rejected, records


def at(source: Source[Options], url: str) -> dict[str, Any]:
    path = str(dead_end(source)["url"]).split("//", 1)[1].partition("/")[2]
    return {"url": f"{url}/{path}"}


@HTTP
@pytest.mark.parametrize("name", BAD)
async def test_a_bad_server_is_a_feed_that_is_down(source: Source[Options], name: str) -> None:
    async with server(BAD[name]) as url:
        error, rejected, records = await outcome(source, url)
    assert records == 0
    if error is None:
        assert [row for row in rejected if row.payload], "a bad answer must be told, or kept as rejected"
    else:
        assert "\n" not in error
        assert len(error) < 400


@HTTP
async def test_a_body_without_an_end_is_given_up(source: Source[Options]) -> None:
    tracemalloc.start()
    try:
        async with server(endless) as url:
            error, _, records = await outcome(source, url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error is not None
    assert records == 0
    assert peak < 256 * MIB
