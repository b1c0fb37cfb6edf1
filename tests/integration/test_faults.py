"""What goes wrong in the field: outages, noise, huge lines, clocks, kills. The sums close and the feeds come back."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from pyais import encode_dict

from geodata.city import SourceBinding
from geodata.ending import shut
from geodata.records import Position, ServiceRequest
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources._served import closed
from sources.runner import Runner
from tests.conftest import Dsn
from tests.support.patience import HANG_S

BOX = Bounds(106, 15, 111, 19)


def view() -> View:
    now = datetime.now(UTC) + timedelta(seconds=5)
    return View(BOX, 800, 600, now - timedelta(days=2), now)


def binding(source_id: str, protocol: str, service: str, **options: Any) -> SourceBinding:
    return SourceBinding(
        id=source_id, protocol=protocol, service=service, title_vi="Thử", title_en="Test", options=options
    )


def sentence(mmsi: int) -> bytes:
    fields: dict[str, Any] = {"type": 18, "mmsi": mmsi, "lon": 107.9, "lat": 16.6, "speed": 5.0}
    return ("\r\n".join(encode_dict(fields, talker_id="AI")) + "\r\n").encode()


async def until(condition: Any, seconds: float = HANG_S) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (what it waits for is in the store)
            await asyncio.sleep(0.05)


class Portal:
    """An Open311 endpoint that can answer with an error, with noise, or not at all."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.mode = "well"
        self.port = 0

    def add(self, number: int, status: str = "open") -> None:
        now = datetime.now(UTC) - timedelta(minutes=5)
        times = {"requested_datetime": now.isoformat(), "updated_datetime": now.isoformat()}
        place = {"lat": 16.46, "long": 107.59}
        self.cases.append({"service_request_id": str(number), "status": status, **times, **place})


class Handler(tornado.web.RequestHandler):
    def initialize(self, portal: Portal) -> None:
        self.portal = portal

    async def get(self, path: str) -> None:
        if self.portal.mode == "error":
            self.set_status(503)
        elif self.portal.mode == "noise":
            self.finish(b"\xff\xfe\x00{<")
        elif path == "services.json":
            self.finish("[]")
        else:
            self.finish(json.dumps(self.portal.cases))


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    found = Portal()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.port = sock.getsockname()[1]
    routes = [(r"/(.*)", Handler, {"portal": found})]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda handler: None))
    server.add_socket(sock)
    yield found
    await closed(server)


def reports(portal: Portal) -> SourceBinding:
    url = f"http://127.0.0.1:{portal.port}"
    return binding("portal", "open311", "field_reports", url=url, poll_s=0.2)


@pytest.mark.parametrize("mode", ["error", "noise"])
async def test_a_portal_comes_back(
    writer: Writer, reader: Reader, portal: Portal, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    portal.add(1)
    runner = Runner(writer, [reports(portal)])
    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        task = asyncio.create_task(runner.run())
        await until(lambda: len(reader.between("field_reports", ServiceRequest, view())) == 1)
        portal.mode = mode
        await until(lambda: "portal is down" in caplog.text)
        portal.add(2)
        portal.mode = "well"
        await until(lambda: len(reader.between("field_reports", ServiceRequest, view())) == 2)
        runner.stop()
        await task
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("source portal is")]
    assert [line.split()[3].rstrip(":") for line in said] == ["up", "down", "up"]
    ledger = reader.query("ledger", source="portal", start=view().start, end=view().end)
    assert (ledger["received"] == ledger["stored"] + ledger["duplicate"] + ledger["rejected"].map(total)).all()
    assert ledger["stored"].sum() == 2


def total(rejected: dict[str, int] | None) -> int:
    return sum((rejected or {}).values())


async def test_a_huge_line_costs_one_rejection_and_no_memory(writer: Writer, reader: Reader) -> None:
    noise, over = b"A" * (1 << 20), asyncio.Event()

    async def serve(_reads: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        for _ in range(256):
            stream.write(noise)
            await stream.drain()
        stream.write(b"\n" + sentence(574000001))
        await stream.drain()
        await over.wait()
        stream.close()
        await stream.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runner = Runner(writer, [binding("ais", "ais", "fishing_vessels", port=port)])
    task = asyncio.create_task(runner.run())
    await until(lambda: len(reader.between("fishing_vessels", Position, view())) == 1, 120)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    runner.stop()
    await task
    over.set()
    await shut(server)
    await server.wait_closed()
    assert grown_mb < 100
    kept = reader.query("rejections", source="ais", limit=10)
    assert list(kept["reason"]) == ["too_long"]


async def test_a_wall_clock_that_jumps_stops_nothing(writer: Writer, reader: Reader, portal: Portal) -> None:
    """Time-outs and waits run on the monotonic clock: hours back or ahead, polls go on."""
    portal.add(1)
    shift = [timedelta()]
    runner = Runner(writer, [reports(portal)], clock=lambda: datetime.now(UTC) + shift[0])
    task = asyncio.create_task(runner.run())
    await until(lambda: len(reader.between("field_reports", ServiceRequest, view())) == 1)
    for n, jump in enumerate((timedelta(hours=-3), timedelta(hours=3)), 2):
        shift[0] = jump
        portal.add(n)
        await until(lambda n=n: len(reader.between("field_reports", ServiceRequest, view())) == n)
    runner.stop()
    await task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_stores_what_it_has_read_and_ends_well(
    dsn: Dsn, reader: Reader, tmp_path: Path, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        file = tmp_path / "bindings.json"
        source = binding("ais", "ais", "fishing_vessels", port=port, batch_s=1.0)
        file.write_text(json.dumps([source.model_dump(mode="json")]))
        command = [sys.executable, "-m", "app", "ingest", "--city", "hue", "--bindings", str(file)]
        environ = {**os.environ, "VONGLAU_DSN": dsn("ingest")}
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            server.settimeout(60)
            client, _ = server.accept()
            with client:
                client.sendall(b"".join(sentence(574000001 + n) for n in range(5)))
                signal_after_read(client)
                process.send_signal(number)
                _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert len(reader.between("fishing_vessels", Position, view())) == 5


def signal_after_read(client: socket.socket) -> None:
    """Returns when the peer's kernel has taken everything that was sent, and the peer had a moment to read it."""
    time.sleep(0.3)
    assert client.fileno() >= 0
