"""The intake over real sockets into a real store: what is taken, what is refused, what waits."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from geodata.city import SourceBinding
from geodata.records import Position
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from sources import runner as runner_module
from sources.intake import Intake, IntakePlan, IntakeTaken
from sources.runner import Runner
from tests.conftest import Dsn
from tests.support.patience import in_time
from tests.support.pushed import TOKEN_ENV, binding, message, prepared
from tests.support.samples import SERVICES, view

SECRET = "s3cr3t-9f1b"


@pytest.fixture(autouse=True)
def pushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "adapter", prepared)


@pytest.fixture
async def trial(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        yield opened


@asynccontextmanager
async def running(writer: Writer, folder: Path, *bindings: SourceBinding, **plan: Any) -> AsyncIterator[Intake]:
    whole = IntakePlan(**{"host": "127.0.0.1", "port": 0, "spool": folder / "intake.sqlite", **plan})
    runner = Runner(writer, bindings, secret={TOKEN_ENV: SECRET}.get, intake=whole)
    task = asyncio.create_task(runner.run())
    try:
        async with in_time():
            while not (runner.feeds or task.done()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        if task.done():
            await task
        assert runner.intake is not None
        yield runner.intake
    finally:
        runner.stop()
        await task


def url(intake: Intake, source: str = "pushed") -> str:
    return f"http://127.0.0.1:{intake.port}/in/{source}"


def stored(dsn: Dsn) -> list[int]:
    """Seconds after noon of every fix in the store."""
    with psycopg.connect(dsn("read")) as connection:
        rows = connection.execute(
            "select extract(epoch from time - '2026-11-20T05:00:00Z')::int from position order by 1"
        ).fetchall()
    return [n for (n,) in rows]


async def until_stored(dsn: Dsn, want: int) -> list[int]:
    async with in_time():
        while len(found := await asyncio.to_thread(stored, dsn)) < want:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_a_message_is_answered_stored_and_forgotten(trial: Writer, dsn: Dsn, tmp_path: Path) -> None:
    async with running(trial, tmp_path, binding()) as intake, httpx.AsyncClient() as http:
        reply = await http.post(url(intake), content=message(1))
        assert (reply.status_code, reply.content) == (202, b"")
        assert await until_stored(dsn, 1) == [1]
        async with in_time():
            while intake.spool.held_bytes:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    with psycopg.connect(dsn("read")) as connection:
        assert connection.execute("select received, stored, duplicate from source_live").fetchone() == (1, 1, 0)


@pytest.mark.parametrize("how", ["bearer", "header", "query"])
async def test_a_token_in_any_of_the_three_places(trial: Writer, dsn: Dsn, tmp_path: Path, how: str) -> None:
    headers = {"bearer": {"Authorization": f"Bearer {SECRET}"}, "header": {"X-Auth-Token": SECRET}}.get(how, {})
    tail = f"?token={SECRET}" if how == "query" else ""
    async with running(trial, tmp_path, binding(token_env=TOKEN_ENV)) as intake, httpx.AsyncClient() as http:
        assert (await http.post(url(intake) + tail, content=message(1), headers=headers)).status_code == 202
        await until_stored(dsn, 1)


async def test_what_is_refused_and_how(
    trial: Writer, dsn: Dsn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(100)

    locked, open_ = binding("locked", token_env=TOKEN_ENV), binding()
    shut = binding("shut", token_env="UNSET")
    async with running(trial, tmp_path, locked, open_, shut) as intake, httpx.AsyncClient() as http:
        right = {"Authorization": f"Bearer {SECRET}"}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {SECRET}"}):
            reply = await http.post(url(intake, "locked"), content=message(1), headers=headers)
            assert reply.status_code == 401
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        assert (await http.post(url(intake, "shut"), content=message(1), headers=right)).status_code == 401
        assert (await http.post(url(intake, "nobody"), content=message(1))).status_code == 404
        assert (await http.get(f"http://127.0.0.1:{intake.port}/")).status_code == 404
        assert (await http.get(url(intake))).status_code == 405
        assert (await http.post(url(intake), content=bytes(1001))).status_code == 413
        assert (await http.post(url(intake), content=chunks())).status_code == 413
        packed = {"Content-Encoding": "gzip"}
        assert (await http.post(url(intake), content=b"x", headers=packed)).status_code == 415
        assert (await http.post(url(intake), content=message(1))).status_code == 202
        assert await until_stored(dsn, 1) == [1]
    refused = [line for line in caplog.messages if "refused a sender" in line]
    assert len(refused) == 3, "one line a minute for each kind"
    assert SECRET not in caplog.text
    assert "wrong" not in "".join(refused).replace("a wrong one", "")


async def test_a_flood_of_messages_is_told_to_wait(trial: Writer, dsn: Dsn, tmp_path: Path) -> None:
    async with running(trial, tmp_path, binding(per_s=0.01), binding("calm")) as intake, httpx.AsyncClient() as http:
        replies = [await http.post(url(intake), content=message(n)) for n in range(14)]
        codes = [reply.status_code for reply in replies]
        assert codes == [202] * 10 + [429] * 4, "however long the posts take"
        assert int(replies[-1].headers["Retry-After"]) >= 1
        assert (await http.post(url(intake, "calm"), content=message(99))).status_code == 202
        assert 99 in await until_stored(dsn, codes.count(202) + 1)


async def test_nonsense_is_kept_as_a_rejection_and_stops_nothing(
    trial: Writer, dsn: Dsn, reader: Reader, tmp_path: Path
) -> None:
    async with running(trial, tmp_path, binding()) as intake, httpx.AsyncClient() as http:
        for body in (b"", b"\x00\xff", message(3)):
            assert (await http.post(url(intake), content=body)).status_code == 202
        await until_stored(dsn, 1)
    kept = reader.query("rejections", source="pushed", limit=10)
    assert list(kept["reason"]) == ["garbled", "garbled"]


async def test_a_sender_that_stops_in_the_middle_leaves_nothing(trial: Writer, dsn: Dsn, tmp_path: Path) -> None:
    async with running(trial, tmp_path, binding()) as intake, httpx.AsyncClient() as http:
        _, writer = await asyncio.open_connection("127.0.0.1", intake.port)
        writer.write(b"POST /in/pushed HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        await http.post(url(intake), content=message(1))
        assert await until_stored(dsn, 1) == [1]


async def test_frames_over_tcp(trial: Writer, dsn: Dsn, tmp_path: Path) -> None:
    async with running(trial, tmp_path, binding(port=0)) as intake, httpx.AsyncClient() as http:
        _, writer = await asyncio.open_connection("127.0.0.1", intake.doors["pushed"].port)
        whole = b"".join(message(n) + b"\n" for n in range(50))
        writer.write(whole[:333])
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(whole[333:] + b'{"n": 5')
        await writer.drain()
        writer.close()
        assert await until_stored(dsn, 50) == list(range(50))
        assert (await http.post(url(intake), content=message(1))).status_code == 404, "its door is the port"
    with psycopg.connect(dsn("read")) as connection:
        assert connection.execute("select received, stored from source_live").fetchone() == (51, 50), "the cut one too"


async def pour(writer: asyncio.StreamWriter) -> None:
    for _ in range(2000):
        writer.write(b"A" * 65536)
        await writer.drain()


async def test_a_line_without_an_end_is_cut_off_over_tcp(trial: Writer, tmp_path: Path, reader: Reader) -> None:
    async with running(trial, tmp_path, binding(port=0)) as intake:
        _, writer = await asyncio.open_connection("127.0.0.1", intake.doors["pushed"].port)
        with pytest.raises(ConnectionError):
            await pour(writer)
        async with in_time():
            while not len(reader.query("rejections", source="pushed", limit=10)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_messages_wait_for_a_store_that_is_away(
    dsn: Dsn, cluster: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every session is cut and new ones are refused for a while: senders are answered all the time."""
    name = conninfo_to_dict(dsn("ingest"))["dbname"]
    async with Writer.open(dsn("ingest"), SERVICES) as writer:
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
            async with running(writer, tmp_path, binding(at_once=5)) as intake, httpx.AsyncClient() as http:
                await http.post(url(intake), content=message(0))
                await until_stored(dsn, 1)
                admin.execute(f'alter database "{name}" allow_connections false')
                admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
                async with in_time():  # the store comes back after the answers: none of them can have waited for it
                    for n in range(1, 301):
                        assert (await http.post(url(intake), content=message(n))).status_code == 202
                assert intake.spool.held_bytes > 0
                admin.execute(f'alter database "{name}" allow_connections true')
                assert await until_stored(dsn, 301) == list(range(301))
    assert caplog.text.count("the store is away") <= 1


async def test_a_full_spool_asks_senders_to_wait(dsn: Dsn, trial: Writer, tmp_path: Path) -> None:
    gate = asyncio.Event()
    original = trial.write

    async def write(source_id: str, batch: Any) -> Any:
        await gate.wait()
        return await original(source_id, batch)

    trial.write = write  # type: ignore[method-assign]
    async with running(trial, tmp_path, binding(), max_bytes=40_000) as intake, httpx.AsyncClient() as http:
        taken = 0
        while (reply := await http.post(url(intake), content=message(taken))).status_code == 202:
            taken += 1
        assert reply.status_code == 503
        assert int(reply.headers["Retry-After"]) > 0
        assert 50 < taken < 100, "half of the spool for one source"
        gate.set()
        assert await until_stored(dsn, taken) == list(range(taken))
        assert (await http.post(url(intake), content=message(taken))).status_code == 202
        await until_stored(dsn, taken + 1)


async def test_a_second_ingest_on_the_same_port_is_one_line(trial: Writer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(IntakeTaken, match="choose another address with --intake"):
            async with running(trial, tmp_path, binding(), port=port):
                pass


async def one_sender(port: int, numbers: range) -> None:
    """One message after the other, each when the last has its 202, on one connection that is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for n in numbers:
        body = message(n)
        writer.write(b"POST /in/pushed HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        assert b" 202 " in await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_a_hundred_senders_at_once(trial: Writer, dsn: Dsn, tmp_path: Path) -> None:
    """All are answered before the store takes a single one."""
    gate, original = asyncio.Event(), trial.write

    async def write(source_id: str, batch: Any) -> Any:
        await gate.wait()
        return await original(source_id, batch)

    trial.write = write  # type: ignore[method-assign]
    async with running(trial, tmp_path, binding(at_once=500)) as intake:
        async with in_time():
            await asyncio.gather(*(one_sender(intake.port, range(n * 10, n * 10 + 10)) for n in range(100)))
        gate.set()
        assert await until_stored(dsn, 1000) == list(range(1000))


async def test_the_store_sees_the_moment_of_arrival(trial: Writer, reader: Reader, dsn: Dsn, tmp_path: Path) -> None:
    before = time.time()
    async with running(trial, tmp_path, binding()) as intake, httpx.AsyncClient() as http:
        await http.post(url(intake), content=message(1))
        await until_stored(dsn, 1)
    row = reader.between("trial", Position, view()).iloc[0]
    assert before <= row["received_at"].timestamp() <= time.time()
