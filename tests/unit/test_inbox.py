"""The spool and its limits: order, room, what a restart finds, what a broken or full disk does."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geodata.errors import UsageError
from sources import _inbox_file
from sources._inbox import READ_ROWS, Spool, SpooledInbox, SpoolFull, SpoolStuck
from sources._inbox_file import OVERHEAD, SpoolTaken
from sources._inbox_limits import Bucket, Gate
from sources.base import Receiver
from sources.intake import Intake, IntakeOpen, IntakePlan, address
from tests.support.patience import in_time

NOW = datetime(2026, 11, 22, 2, 0, 0, 123456, tzinfo=UTC)


@asynccontextmanager
async def opened(path: Path, *, max_bytes: int = 1 << 20) -> AsyncIterator[Spool]:
    spool = Spool(path, max_bytes=max_bytes)
    await spool.open(["a", "b"])
    try:
        yield spool
    finally:
        await spool.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "intake.sqlite"


def scribble(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says" * 100)


def cut(path: Path) -> None:
    """Half of it, at the end of a page."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])


async def test_messages_come_back_in_order_each_to_its_source(path: Path) -> None:
    async with opened(path) as spool:
        ids = [await spool.put("ab"[n % 2], NOW, {"content-type": "text/plain"}, b"%d" % n) for n in range(6)]
        assert ids == sorted(ids)
        found = await spool.after("a", 0)
        assert [row.payload for row in found] == [b"0", b"2", b"4"]
        assert [row.payload for row in await spool.after("b", ids[1])] == [b"3", b"5"]
        assert found[0].arrival == NOW
        assert found[0].headers == {"content-type": "text/plain"}
        assert found[0].id < 1 << 53, "a cursor is JSON"


async def test_a_restart_finds_what_was_not_forgotten_and_goes_on_counting(path: Path) -> None:
    async with opened(path) as spool:
        ids = [await spool.put("a", NOW, {}, b"%d" % n) for n in range(4)]
        spool.forget("a", ids[1])
    async with opened(path) as spool:
        assert [row.id for row in await spool.after("a", 0)] == ids[2:]
        assert spool.held_bytes == 2 * (1 + OVERHEAD)
        assert await spool.put("a", NOW, {}, b"more") > ids[-1]


async def test_ids_of_a_file_made_anew_are_beyond_every_older_one(path: Path) -> None:
    async with opened(path) as spool:
        old = await spool.put("a", NOW, {}, b"x")
    for file in path.parent.iterdir():
        file.unlink()
    async with opened(path) as spool:
        assert await spool.put("a", NOW, {}, b"x") > old


async def test_many_senders_share_a_flush(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = 0
    original = _inbox_file.transaction

    def counted(file: sqlite3.Connection) -> object:
        nonlocal commits
        commits += 1
        return original(file)

    monkeypatch.setattr(_inbox_file, "transaction", counted)
    async with opened(path) as spool:
        await asyncio.gather(*(spool.put("a", NOW, {}, b"x") for _ in range(400)))
        assert len(await spool.after("a", 0)) == 400
    assert commits < 40


async def test_room_is_bounded_and_no_source_takes_it_all(path: Path) -> None:
    async with opened(path, max_bytes=20 * (100 + OVERHEAD)) as spool:
        ids = [await spool.put("a", NOW, {}, bytes(100)) for _ in range(10)]
        with pytest.raises(SpoolFull):
            await spool.put("a", NOW, {}, bytes(100))
        await spool.put("b", NOW, {}, bytes(100))
        spool.forget("a", ids[4])
        async with in_time():
            while not spool.has_room("a", 100):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await spool.put("a", NOW, {}, bytes(100))
    async with opened(path, max_bytes=20 * (100 + OVERHEAD)) as spool:
        assert spool.held_bytes == 7 * (100 + OVERHEAD)


async def test_one_read_is_bounded_too(path: Path) -> None:
    async with opened(path, max_bytes=1 << 30) as spool:
        await asyncio.gather(*(spool.put("a", NOW, {}, b"x") for _ in range(READ_ROWS + 5)))
        assert len(await spool.after("a", 0)) == READ_ROWS
        await asyncio.gather(*(spool.put("b", NOW, {}, bytes(7 << 20)) for _ in range(4)))
        assert len(await spool.after("b", 0)) == 3


async def test_an_inbox_waits_for_news(path: Path) -> None:
    async with opened(path) as spool:
        inbox = SpooledInbox(spool, "a")
        assert await inbox.read(0, wait_s=0.01) == []
        reading = asyncio.create_task(inbox.read(0, wait_s=5))
        await asyncio.sleep(0.05)
        await spool.put("b", NOW, {}, b"not for us")
        await spool.put("a", NOW, {}, b"news")
        async with in_time():
            found = await reading
        assert [row.payload for row in found] == [b"news"]
        inbox.forget(found[-1].id)
        assert await inbox.read(found[-1].id, wait_s=0.01) == []


async def test_a_broken_file_is_one_line_and_stays_beside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scribble(path)
    async with opened(path) as spool:
        await spool.put("a", NOW, {}, b"x")
        assert len(await spool.after("a", 0)) == 1
    assert len(caplog.records) == 1
    assert "moved to" in caplog.text
    assert len(list(path.parent.glob("intake.sqlite.broken-*"))) == 1


async def test_a_file_cut_in_the_middle_is_moved_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as spool:
        await asyncio.gather(*(spool.put("a", NOW, {}, bytes(5000)) for _ in range(50)))
    cut(path)
    async with opened(path) as spool:
        assert await spool.after("a", 0) == []
        await spool.put("a", NOW, {}, b"x")
    assert caplog.text.count("moved to") == 1


async def test_a_file_that_breaks_while_it_is_open(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as spool:
        await spool.put("a", NOW, {}, b"x")

        def broken(*_: object) -> None:
            raise sqlite3.DatabaseError("database disk image is malformed")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_inbox_file, "insert", broken)
            with pytest.raises(SpoolStuck):
                await spool.put("a", NOW, {}, b"y")
        await spool.put("a", NOW, {}, b"z")
        assert [row.payload for row in await spool.after("a", 0)] == [b"z"]
    assert caplog.text.count("moved to") == 1


async def test_a_full_disk_is_the_senders_to_wait_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as spool:
        await spool.put("a", NOW, {}, b"x")

        def full(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(_inbox_file, "insert", full)
            with pytest.raises(SpoolStuck, match="disk is full"):
                await spool.put("a", NOW, {}, b"y")
        assert spool.held_bytes == 1 + OVERHEAD, "what was refused takes no room"
        await spool.put("a", NOW, {}, b"z")
        assert [row.payload for row in await spool.after("a", 0)] == [b"x", b"z"]
    assert not list(path.parent.glob("*.broken-*"))


async def test_a_full_disk_at_the_start_moves_nothing_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(path) as spool:
        await spool.put("a", NOW, {}, b"x")
    with monkeypatch.context() as patch:
        patch.setattr(_inbox_file, "SCHEMA", "select abs(-9223372036854775808)")  # fails as a full disk does
        with pytest.raises(SpoolStuck, match="integer overflow"):
            await Spool(path).open([])
    async with opened(path) as spool:
        assert len(await spool.after("a", 0)) == 1


async def test_two_ingests_never_share_a_file(path: Path) -> None:
    async with opened(path):
        with pytest.raises(SpoolTaken, match="another `vonglau ingest`"):
            await Spool(path).open([])


async def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with pytest.raises(SpoolStuck, match="run"):
        await Spool(tmp_path / "run" / "intake.sqlite").open([])
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(SpoolStuck):
        await Spool(tmp_path / "folder.sqlite").open([])


async def test_messages_of_a_source_that_is_gone_are_kept_for_a_week(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    async with opened(path) as spool:
        await spool.put("gone", now - timedelta(days=8), {}, b"old")
        await spool.put("gone", now - timedelta(days=1), {}, b"young")
        await spool.put("a", now - timedelta(days=30), {}, b"ours")
    async with opened(path) as spool:
        assert [row.payload for row in await spool.after("gone", 0)] == [b"young"]
        assert len(await spool.after("a", 0)) == 1
    assert "dropped 1 messages" in caplog.text


def test_the_disk_is_told_to_flush(path: Path) -> None:
    lock, file = _inbox_file.hold(path)
    assert file.execute("pragma synchronous").fetchone() == (2,)
    assert file.execute("pragma journal_mode").fetchone() == ("wal",)
    file.execute("insert into message (source, arrival_us, headers, payload) values ('a', 0, '{}', 'x')")
    own = [entry for entry in path.parent.iterdir() if entry.suffix != ".lock"]
    assert len(own) == 3
    assert {entry.stat().st_mode & 0o777 for entry in own} == {0o600}, "messages may hold personal data"
    file.close()
    lock.close()


def test_permits_come_back_with_time() -> None:
    now = 0.0
    bucket = Bucket(5.0, lambda: now)
    assert [bucket.wait_s() for _ in range(20)] == [0.0] * 20  # four seconds' worth at once
    assert bucket.wait_s() == pytest.approx(0.2)
    now = 1.0
    assert [bucket.wait_s() > 0 for _ in range(6)] == [False] * 5 + [True]
    now = 0.5  # a clock that goes back gives nothing
    assert bucket.wait_s() > 0


def test_a_gate_knows_its_token_and_says_little(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate("a", Receiver(token_env="X"), "s3cr3t-9f1b")
    assert gate.admits(None, "s3cr3t-9f1b")
    assert not gate.admits("s3cr3t", None, "", "s3cr3t-9f1bx", "\udcff")
    assert "s3cr3t" not in repr(gate)
    assert Gate("a", Receiver()).admits()
    assert not Gate("a", Receiver(token_env="X"), shut=True).admits("anything", "")
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            gate.complain("a wrong token")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["", "7080", "host:", ":80", "host:http", "host:70000"])
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        address(text)


async def test_beyond_loopback_every_door_has_a_lock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plan = IntakePlan(host="0.0.0.0", port=0, spool=tmp_path / "x.sqlite")
    secrets = {"SET": "s3cr3t-9f1b"}
    for receiver in (Receiver(), Receiver(port=0), Receiver(port=0, token_env="SET")):
        with pytest.raises(IntakeOpen, match="from anybody; name a token"):
            await Intake(plan, {"open": receiver}, secrets.get).open()
    intake = Intake(plan, {"one": Receiver(token_env="SET"), "two": Receiver(token_env="UNSET")}, secrets.get)
    await intake.open()
    assert intake.endpoint("one").endswith(f":{intake.port}/in/one")
    assert "0.0.0.0" not in intake.endpoint("one")
    await intake.finish()
    assert "source two: UNSET is not set; nobody can send to it" in caplog.text
    assert "s3cr3t" not in caplog.text
