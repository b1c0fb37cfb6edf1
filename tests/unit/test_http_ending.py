"""A handshake that is called off leaves no open connection, at whatever moment that comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from geodata.ending import ended, shut
from geodata.http_ending import closing
from outlets import _http as outlet
from sources import _probe_tls
from sources._probe_http import unverified, visitor
from sources._probe_options import ProbeOptions
from sources.http import client
from tests.support.patience import in_time

MOMENTS = range(24)
"""Turns of the loop after the call; a connection over loopback is in its handshake after about ten."""


@asynccontextmanager
async def deaf() -> AsyncIterator[tuple[int, list[asyncio.StreamReader]]]:
    """A port that takes connections and never says a word, and who came."""
    came: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []

    def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(reader)
        writers.append(writer)

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], came
    finally:
        await shut(server)
        for writer in writers:
            writer.transport.abort()


async def hung_up(came: list[asyncio.StreamReader]) -> None:
    """Each was closed from its other side; whoever was only forgotten stays open."""
    async with in_time():
        for reader in came:
            with suppress(ConnectionResetError):
                await reader.read()


async def called_off(call: asyncio.Task[object], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    await ended(call)


@pytest.mark.parametrize("turns", MOMENTS)
async def test_a_request_that_is_called_off_hangs_up(turns: int) -> None:
    async with deaf() as (port, came), closing(httpx.AsyncClient(verify=unverified(), trust_env=False)) as http:
        await called_off(asyncio.create_task(http.get(f"https://127.0.0.1:{port}/")), turns)
        await hung_up(came)


async def test_a_time_of_ones_own_hangs_up_too() -> None:
    """The very case: the caller's time ends in the handshake, before httpx's own."""
    async with deaf() as (port, came), closing(httpx.AsyncClient(verify=unverified(), trust_env=False)) as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await http.get(f"https://127.0.0.1:{port}/")
        assert len(came) == 1
        await hung_up(came)


@pytest.mark.parametrize("turns", MOMENTS)
async def test_a_look_at_a_certificate_that_is_called_off_hangs_up(turns: int) -> None:
    async with deaf() as (port, came):
        looking = _probe_tls.look("127.0.0.1", port, "a.example", unverified(), 60)
        await called_off(asyncio.create_task(looking), turns)
        await hung_up(came)


@pytest.mark.parametrize("kind", ["sources", "probe", "outlets", "proxied"])
async def test_every_client_that_waits_for_strangers_is_one_of_these(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also behind a proxy of the environment, whose transport is another."""
    async with deaf() as (port, came):
        url = f"https://127.0.0.1:{port}/"
        if kind == "proxied":
            monkeypatch.setenv("HTTPS_PROXY", url)
            url = "https://city.example/"
        made = {
            "sources": lambda: client(verify=unverified()),
            "probe": lambda: visitor(ProbeOptions.model_validate({"sites": [{"id": "a", "url": url}]})),
            "outlets": lambda: outlet.client(unverified()),
            "proxied": lambda: client(verify=unverified(), timeout=60),
        }
        async with made[kind]() as http:
            call = asyncio.create_task(http.get(url))
            async with in_time():
                while not came:  # noqa: ASYNC110 (a list of the server)
                    await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            await ended(call)
            await hung_up(came)


async def test_what_goes_well_is_as_before() -> None:
    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(enter, "127.0.0.1", 0)
    try:
        async with closing(httpx.AsyncClient(trust_env=False)) as http:
            reply = await http.get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert reply.text == "ok"
    finally:
        await shut(server)


async def test_a_transport_of_a_test_is_left_as_it_is() -> None:
    async with closing(httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(204)))) as http:
        assert (await http.get("https://city.example/")).status_code == 204
