"""The runner with real sockets and a real store: wire to database, stop, recovery, bad neighbours."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pyais import encode_dict

from geodata.city import SourceBinding
from geodata.ending import shut
from geodata.records import Position, Thing
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources import _feed
from sources.runner import Runner
from tests.conftest import Dsn
from tests.support.patience import HANG_S

SEA = Bounds(107, 16, 109, 18)


def sentence(mmsi: int = 574000001, **fields: Any) -> bytes:
    full = {"type": 18, "mmsi": mmsi, "lon": 107.9, "lat": 16.6, "speed": 5.0, "course": 90.0, "heading": 511} | fields
    return ("\r\n".join(encode_dict(full, talker_id="AI")) + "\r\n").encode()


def ais(**options: Any) -> SourceBinding:
    return SourceBinding(
        id="ais_test",
        protocol="ais",
        title_vi="AIS thử",
        title_en="AIS test",
        service="fishing_vessels",
        options={"batch_s": 0.1, **options},
    )


class Receiver:
    """A TCP server that says what the test tells it, to every client."""

    def __init__(self) -> None:
        self.clients: list[asyncio.StreamWriter] = []
        self.connections = 0
        self.port = 0

    async def _accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.clients.append(writer)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def send(self, data: bytes) -> None:
        for client in self.clients:
            client.write(data)
            await client.drain()

    async def close(self) -> None:
        await shut(self.server)
        for client in self.clients:
            client.close()
        self.clients.clear()
        await self.server.wait_closed()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    opened = Receiver()
    await opened.open()
    yield opened
    await opened.close()


@asynccontextmanager
async def running(writer: Writer, *bindings: SourceBinding, **more: Any) -> AsyncIterator[Runner]:
    runner = Runner(writer, bindings, **more)
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        await task


async def until(condition: Callable[[], Any], seconds: float = HANG_S) -> Any:
    """What the condition gives once it is true; fails after a while."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110 (what it waits for is not ours to tell)
            await asyncio.sleep(0.02)
    return found


async def slow_until(condition: Callable[[], Awaitable[Any]], seconds: float = HANG_S) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await condition()):  # noqa: ASYNC110 (the same)
            await asyncio.sleep(0.05)
    return found


def fixes(reader: Reader) -> Any:
    now = datetime.now(UTC) + timedelta(seconds=5)
    view = View(SEA, 800, 600, now - timedelta(days=1), now)
    return reader.between("fishing_vessels", Position, view)


def latest(reader: Reader) -> Any:
    now = datetime.now(UTC) + timedelta(seconds=5)
    return reader.latest("fishing_vessels", Position, View(SEA, 800, 600, now - timedelta(days=1), now))


def things(reader: Reader) -> Any:
    now = datetime.now(UTC) + timedelta(seconds=5)
    return reader.latest("fishing_vessels", Thing, View(SEA, 800, 600, now - timedelta(days=1), now))


async def test_wire_to_database_takes_less_than_a_second(writer: Writer, reader: Reader, receiver: Receiver) -> None:
    async with running(writer, ais(port=receiver.port)):
        await until(lambda: receiver.clients)
        await receiver.send(sentence())  # the first batch also makes the month's partition
        await slow_until(lambda: asyncio.to_thread(lambda: len(fixes(reader))))
        delays = []
        for n in range(3):
            sent = datetime.now(UTC)
            await receiver.send(sentence(574000100 + n))
            await slow_until(lambda n=n: asyncio.to_thread(lambda: len(latest(reader)) == n + 2))  # type: ignore[misc]
            delays.append((latest(reader)["received_at"].max() - sent).total_seconds())
    assert min(delays) < 1


async def test_static_alone_makes_no_mark(writer: Writer, reader: Reader, receiver: Receiver) -> None:
    async with running(writer, ais(port=receiver.port)):
        await until(lambda: receiver.clients)
        await receiver.send(sentence(type=24, partno=0, shipname="TTH-91234-TS"))
        await receiver.send(sentence(type=24, partno=1, ship_type=30, callsign="XV1"))
        frame = await slow_until(lambda: _named(reader))
        assert len(latest(reader)) == 0
        assert (frame["name"], frame["category"]) == ("TTH-91234-TS", "ship_30")
        await receiver.send(sentence())
        await slow_until(lambda: asyncio.to_thread(lambda: len(latest(reader))))
    row = latest(reader).iloc[0]
    assert (row["name"], row["category"], row["sog_kn"]) == ("TTH-91234-TS", "ship_30", 5.0)


async def _named(reader: Reader) -> Any:
    frame = await asyncio.to_thread(things, reader)
    row = frame.iloc[0].to_dict() if len(frame) else {}
    return row if row.get("category") and row.get("name") else None


async def test_reconnects_and_resyncs_on_a_cut_line(
    writer: Writer, reader: Reader, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        async with running(writer, ais(port=receiver.port)):
            await until(lambda: receiver.clients)
            await receiver.send(sentence(574000001) + sentence(574000002)[:25])
            await slow_until(lambda: asyncio.to_thread(lambda: len(fixes(reader)) == 1))
            await receiver.close()
            await until(lambda: "is down" in caplog.text)
            await receiver.open()
            await until(lambda: receiver.clients)
            await receiver.send(sentence(574000002)[25:] + sentence(574000003))
            await slow_until(lambda: asyncio.to_thread(lambda: len(fixes(reader)) == 2))
    lines = [record.getMessage() for record in caplog.records if "source ais_test" in record.getMessage()]
    assert [line.split(" is ")[1].split(":")[0].split(" after")[0] for line in lines] == ["up", "down", "up again"]
    history = reader.query(
        "feed_history",
        source="ais_test",
        start=datetime.now(UTC) - timedelta(hours=1),
        end=datetime.now(UTC) + timedelta(seconds=5),
    )
    assert list(history["up"]) == [True, False, True]


async def test_stop_stores_what_came_before_it(writer: Writer, reader: Reader, receiver: Receiver) -> None:
    async with running(writer, ais(port=receiver.port, batch_s=1.0)):
        await until(lambda: receiver.clients)
        await receiver.send(sentence())
        await asyncio.sleep(0.2)  # the batch is open: half a second and more is left of it
    assert len(fixes(reader)) == 1


async def test_a_wrong_source_is_one_line_and_stops_nobody(
    writer: Writer, reader: Reader, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = ais(prot=1).model_copy(update={"id": "wrong"})
    unknown = ais().model_copy(update={"id": "unknown", "protocol": "semaphore"})
    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        async with running(writer, wrong, unknown, ais(port=receiver.port)):
            await until(lambda: receiver.clients)
            await receiver.send(sentence())
            await slow_until(lambda: asyncio.to_thread(lambda: len(fixes(reader))))
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 2
    assert errors[0].startswith("source wrong: prot: Extra inputs are not permitted")
    assert "semaphore" in errors[1]
    states = {source.id: source.state for service in reader.services() for source in service.sources}
    assert states["wrong"] == "down"


async def test_heart_beat_only_while_up(writer: Writer, receiver: Receiver) -> None:
    beats: list[list[str]] = []
    original = writer.beat

    async def beat(source_ids: Sequence[str]) -> None:
        beats.append(list(source_ids))
        await original(source_ids)

    writer.beat = beat  # type: ignore[method-assign]
    dead = ais(port=9).model_copy(update={"id": "dead"})
    async with running(writer, ais(port=receiver.port), dead, beat_s=0.1):
        await until(lambda: receiver.clients)
        assert not beats
        await receiver.send(sentence())
        await until(lambda: len(beats) > 2)
    assert {tuple(ids) for ids in beats} == {("ais_test",)}


async def test_silence_and_noise_are_a_feed_that_is_down(
    writer: Writer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_feed, "STALL_S", 1.0)
    noisy = ais(port=receiver.port).model_copy(update={"cadence_s": 0.5})
    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        async with running(writer, noisy):
            await until(lambda: receiver.clients)
            await receiver.send(sentence())
            await until(lambda: "is up" in caplog.text)
            for _ in range(100):
                if "nothing readable for 1 s" in caplog.text:
                    break
                await receiver.send(b"\x00\xffnoise\r\n")
                await asyncio.sleep(0.05)
    assert "ais_test is down: ais_test does not answer: nothing readable for 1 s" in caplog.text


async def test_udp(writer: Writer, reader: Reader) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with running(writer, ais(transport="udp", port=port)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

            async def sent() -> bool:
                sender.sendto(b"UdPbC\0" + sentence(574000001) + sentence(574000002), ("127.0.0.1", port))
                return await asyncio.to_thread(lambda: len(latest(reader)) == 2)

            await slow_until(sent)


async def test_file_goes_on_where_it_stopped(writer: Writer, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "feed.nmea"
    path.write_bytes(sentence(574000001))
    source = ais(transport="file", path=str(path))
    async with running(writer, source):
        await slow_until(lambda: asyncio.to_thread(lambda: len(latest(reader)) == 1))
        with path.open("ab") as file:
            file.write(sentence(574000002) + sentence(574000003)[:20])
        await slow_until(lambda: asyncio.to_thread(lambda: len(latest(reader)) == 2))
    with path.open("ab") as file:
        file.write(sentence(574000003)[20:])
    async with running(writer, source):
        await slow_until(lambda: asyncio.to_thread(lambda: len(latest(reader)) == 3))
    assert len(fixes(reader)) == 3  # nothing was read twice
    path.unlink()


async def test_rows_wait_for_a_database_that_is_away(
    dsn: Dsn, cluster: Any, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Every session is cut again and again while rows come; all of them are stored in the end."""
    name = conninfo_to_dict(dsn("ingest"))["dbname"]
    cut = (
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename like 'vonglau_ingest%%'"
    )
    with Reader(dsn("read")) as reader:
        with caplog.at_level(logging.INFO, "vonglau.ingest"):
            async with Writer.open(dsn("ingest")) as writer, running(writer, ais(port=receiver.port)):
                await until(lambda: receiver.clients)
                with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
                    for n in range(20):
                        await receiver.send(sentence(574000001 + n))
                        admin.execute(cut, (name,))
                        await asyncio.sleep(0.05)
                await slow_until(lambda: asyncio.to_thread(lambda: len(latest(reader)) == 20))
        assert len(fixes(reader)) == 20


async def test_a_record_that_cannot_be_stored_is_kept_beside_the_others(
    writer: Writer, reader: Reader, receiver: Receiver
) -> None:
    original = writer.write

    async def write(source_id: str, batch: Any) -> Any:
        if any(getattr(record, "thing_id", "") == "mmsi:574000002" for record in batch.records):
            raise RuntimeError("cannot")
        return await original(source_id, batch)

    writer.write = write  # type: ignore[method-assign]
    async with running(writer, ais(port=receiver.port)):
        await until(lambda: receiver.clients)
        await receiver.send(b"".join(sentence(574000001 + n) for n in range(5)))
        await slow_until(lambda: asyncio.to_thread(lambda: len(fixes(reader)) == 4))
        await slow_until(
            lambda: asyncio.to_thread(lambda: len(reader.query("rejections", source="ais_test", limit=10)))
        )
    kept = reader.query("rejections", source="ais_test", limit=10)
    assert list(kept["reason"]) == ["unwritable"]
    assert b"mmsi:574000002" in bytes(kept["payload"][0])
