"""A full disk, a line of a gigabyte, a clock that is set back: told in one line, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from pyais import encode_dict

from geodata.city import SourceBinding
from geodata.records import Position
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from tests.conftest import Dsn
from tests.support.feed import AisFeed
from tests.support.machine import clean_environment, wait_for
from tests.support.promises import MIB, filled, small_disk

pytestmark = pytest.mark.timeout(600)
BOX = Bounds(105, 14, 111, 19)
GROWN_MIB = 64
"""A process that keeps a line of 1 GiB grows by more than that; noise of the allocator stays far below."""


def source(port: int) -> SourceBinding:
    return SourceBinding(
        id="receiver", protocol="ais", service="fishing_vessels", title_vi="Máy thu", title_en="Receiver",
        simulated=True, options={"port": port},
    )  # fmt: skip


@contextmanager
def ingest(folder: Path, feed: AisFeed, **environ: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`vonglau ingest` on a data folder, reading that feed; the process and its log."""
    bindings, log = folder / "bindings.json", folder / "ingest.log"
    bindings.write_text(json.dumps([source(feed.port).model_dump(mode="json")]))
    command = [sys.executable, "-m", "app", "ingest", "--data", str(folder), "--bindings", str(bindings)]
    with log.open("wb") as words, subprocess.Popen(
        command, env={**clean_environment(), **environ}, stderr=words
    ) as process:  # fmt: skip
        try:
            wait_for(lambda: feed.connected, f"the ingest to connect\n{log.read_text()}")
            yield process, log
        finally:
            process.terminate()
            process.wait(timeout=120)


def send(feed: AisFeed, first: int, count: int) -> None:
    lines: list[str] = []
    for mmsi in range(first, first + count):
        lines += encode_dict({"type": 18, "mmsi": mmsi, "lon": 107.9, "lat": 16.6, "speed": 5.0}, talker_id="AI")
    feed.send(("\r\n".join(lines) + "\r\n").encode())


def state(reader: Reader) -> dict[str, int]:
    (found,) = [s for service in reader.services() for s in service.sources if s.id == "receiver"]
    return {"stored": found.stored, "received": found.received, "duplicate": found.duplicate}


def test_a_full_disk_is_told_once_and_no_row_is_lost() -> None:
    with small_disk(400) as folder:
        disk, feed = folder / "disk", AisFeed()
        settings = Settings(data=disk, city="hue")
        with database(settings, "read", create=True) as db, Reader(db.dsn) as reader, ingest(disk, feed) as (_, log):
            send(feed, 574000000, 100)
            wait_for(lambda: state(reader)["stored"] == 100, "the first rows")
            with filled(disk):
                sent = 100
                while b"the disk of the database is full" not in log.read_bytes():
                    send(feed, 574100000 + sent, 500)
                    sent += 500
                    assert sent < 60_000, log.read_text()
                    time.sleep(0.1)
            wait_for(lambda: state(reader)["stored"] == sent, f"every row after space is freed\n{log.read_text()}")
            assert state(reader) == {"stored": sent, "received": sent, "duplicate": 0}
            wait_for(lambda: b"the store is back" in log.read_bytes(), "the word that it is over")
            assert log.read_bytes().count(b"the disk of the database is full") == 1
            assert b"Traceback" not in log.read_bytes()
        feed.close()


def test_a_line_of_a_gigabyte_costs_no_memory(dsn_folder: tuple[Path, str, Reader]) -> None:
    folder, dsn, reader = dsn_folder
    feed, noise = AisFeed(), b"A" * MIB
    with ingest(folder, feed, VONGLAU_DSN=dsn) as (process, _):
        send(feed, 574000001, 1)
        wait_for(lambda: state(reader)["stored"] == 1, "the first row")
        seen = psutil.Process(process.pid)
        before = most = seen.memory_info().rss
        for _ in range(1024):
            feed.send(noise)
            most = max(most, seen.memory_info().rss)
        feed.send(b"\r\n")
        send(feed, 574000002, 1)
        wait_for(lambda: state(reader)["stored"] == 2, "the row after the line")
        assert (max(most, seen.memory_info().rss) - before) / MIB < GROWN_MIB
    assert list(reader.query("rejections", source="receiver", limit=9)["reason"]) == ["too_long"]
    feed.close()


@pytest.fixture
def dsn_folder(dsn: Dsn, reader: Reader, tmp_path: Path) -> tuple[Path, str, Reader]:
    return tmp_path, dsn("ingest"), reader


async def test_a_clock_that_was_an_hour_ahead_poisons_no_latest_position(writer: Writer, reader: Reader) -> None:
    """The feed's fixes were timed by a clock an hour ahead; it is set back, and the map goes on at once."""
    now = datetime.now(UTC)
    await writer.register([source(1)])
    ahead = [fix(now + timedelta(hours=1, seconds=s), 107.0 + s / 1000) for s in range(3)]
    right = [fix(now + timedelta(seconds=s), 108.0 + s / 1000) for s in range(3)]
    for fixes in (ahead, right):
        written = await writer.write("receiver", Batch(fixes))
        assert (written.stored, dict(written.rejected)) == (3, {})
    view = View(BOX, 800, 600, now - timedelta(hours=1), now + timedelta(seconds=5))
    (shown,) = reader.latest("fishing_vessels", Position, view).itertuples()
    assert (shown.time.to_pydatetime(), shown.geometry.x) == (right[-1].time, 108.002)
    assert len(reader.between("fishing_vessels", Position, view)) == 3


def fix(when: datetime, lon: float) -> Position:
    return Position(thing_id="mmsi:574000001", time=when, lon=lon, lat=16.5)
