"""What is past its retention is deleted once a day, without anybody asking for it."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from app import tidy
from app.tidy import DAY_S, Tidy
from geodata.catalogue import service
from geodata.ending import ended
from geodata.records import Observation
from geodata.store.types import Batch
from geodata.store.writer import Writer
from tests.conftest import Dsn
from tests.support.machine import PATIENCE_S
from tests.support.patience import in_time
from tests.support.samples import binding


async def test_old_rows_go_and_young_ones_stay(
    dsn: Dsn, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real command, on a store that holds a picture's state from before the cameras' thirty days."""
    now, kept = datetime.now(UTC), service("cameras").retention_days
    assert kept is not None
    feed = binding("poles", "cameras")
    await writer.register([feed])
    told = [
        Observation(
            thing_id="c1", observed_property="status", phenomenon_time=now - timedelta(days=days), result="live"
        )
        for days in (kept + 2, kept - 2, 0)
    ]
    await writer.write(feed.id, Batch(told))
    monkeypatch.setenv("VONGLAU_DSN", dsn("owner"))
    marker = tmp_path / "tidy-hue"
    work = asyncio.create_task(Tidy(marker, [], look_s=0.05).run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not marker.exists():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.05)
    finally:
        await ended(work)
    with psycopg.connect(dsn("owner")) as connection:
        assert connection.execute("select count(*) from observation").fetchone() == (2,)


async def test_once_a_day_also_across_restarts_and_again_when_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers, asked = iter([1, 1, 0]), 0

    async def run_once(arguments: list[str], *, nice: int) -> int:
        nonlocal asked
        assert arguments == ["db", "prune", "--city", "hue"]
        assert nice > 0
        asked += 1
        return next(answers)

    monkeypatch.setattr(tidy, "run_once", run_once)
    marker = tmp_path / "tidy-hue"
    for _ in range(2):
        work = asyncio.create_task(Tidy(marker, ["--city", "hue"], look_s=0.01).run())
        async with in_time():
            while not marker.exists():  # noqa: ASYNC110 (a file)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await ended(work)
    assert asked == 3
    assert caplog.messages == ["what is past its retention could not be deleted; it is tried again"]


async def test_a_full_disk_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything else of ``vonglau up`` stands in the same group of tasks."""
    asked = 0

    async def run_once(_arguments: list[str], *, nice: int) -> int:
        nonlocal asked
        asked += 1
        assert nice > 0
        return 0

    monkeypatch.setattr(tidy, "run_once", run_once)
    work = asyncio.create_task(Tidy(tmp_path / "away" / "tidy-hue", [], look_s=0.01).run())
    async with in_time():
        while asked < 3:  # noqa: ASYNC110 (another task's)
            await asyncio.sleep(0.01)
    assert not work.done()
    await ended(work)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(("ago_s", "due"), [(60, False), (DAY_S - 60, False), (DAY_S + 60, True), (-3600, True)])
def test_due(tmp_path: Path, ago_s: float, *, due: bool) -> None:
    tidied = Tidy(tmp_path / "marker", [])
    assert tidied.due()
    tidied.marker.touch()
    then = time.time() - ago_s
    os.utime(tidied.marker, (then, then))
    assert tidied.due() is due
