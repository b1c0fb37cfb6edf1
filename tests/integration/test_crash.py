"""kill -9 of the writing process and of PostgreSQL in the middle of a load: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from geodata.embedded import Cluster
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.errors import CannotConnect, DiskFull, StoreError, StoreGone
from geodata.store.failures import translate
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer
from tests.support.samples import SERVICES, binding, case, fixes, value

ROWS, SIZE = 4000, 100
LOAD = f"""
import asyncio, sys
from geodata.store.types import Batch
from geodata.store.writer import Writer
from tests.support.samples import SERVICES, binding, fixes

async def main():
    async with Writer.open(sys.argv[1], SERVICES) as writer:
        await writer.register([binding()])
        done = (await writer.cursor("feed") or {{"next": 0}})["next"]
        many = fixes({ROWS}, things=40)
        for first in range(done, {ROWS}, {SIZE}):
            await writer.write("feed", Batch(many[first:first + {SIZE}], cursor={{"next": first + {SIZE}}}))
            print(first, flush=True)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vonglau-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def load(dsn: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, dsn], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


def lines(process: subprocess.Popen[str], n: int) -> None:
    assert process.stdout is not None
    for _ in range(n):
        assert process.stdout.readline(), process.stderr and process.stderr.read()


def whole(dsn: str) -> None:
    """Every fix once, and a ledger that says so."""
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*), count(distinct (thing_id, time)) from position").fetchone() == (
            ROWS,
            ROWS,
        )
        ledger = connection.execute("select sum(received), sum(stored), sum(duplicate) from ledger").fetchone()
        totals = connection.execute("select received, stored, duplicate from source_live").fetchone()
        newest = connection.execute(
            "select count(*) from position_latest as l"
            " where l.time <> (select max(p.time) from position as p where p.thing_id = l.thing_id)"
        ).fetchone()
    assert ledger == totals == (ROWS, ROWS, 0)
    assert newest == (0,)


def test_killed_writer_goes_on_where_it_was(data: Path) -> None:
    with database(Settings(data=data, city="writer"), "ingest", create=True) as db:
        for _ in range(2):
            process = load(db.dsn)
            lines(process, 5)
            process.kill()
            process.communicate()
        process = load(db.dsn)
        _, words = process.communicate(timeout=120)
        assert process.returncode == 0, words
        whole(db.dsn)


def test_killed_server_loses_nothing_it_confirmed(data: Path) -> None:
    settings = Settings(data=data, city="server")
    with database(settings, "ingest", create=True) as db:
        process = load(db.dsn)
        lines(process, 5)
        found = Cluster(data).running()
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
        _, words = process.communicate(timeout=120)
        assert process.returncode != 0
        assert "went away" in words or "cannot reach" in words, words
    while Cluster(data).running() is not None:
        time.sleep(0.05)
    with database(settings, "ingest") as db:
        process = load(db.dsn)
        _, words = process.communicate(timeout=120)
        assert process.returncode == 0, words
        whole(db.dsn)


def test_writer_outlives_the_server(data: Path) -> None:
    """One error class while it is away; the same writer goes on when it is back."""

    async def run(dsn: str) -> Written:
        async with Writer.open(dsn, SERVICES) as writer:
            await writer.register([binding()])
            await writer.write("feed", Batch(fixes(10)))
            with psycopg.connect(dsn) as connection:
                backends = connection.execute(
                    "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                ).fetchall()
            for (pid,) in backends:
                os.kill(pid, signal.SIGTERM)
            await asyncio.sleep(0.2)
            return await writer.write("feed", Batch(fixes(20)))

    with database(Settings(data=data, city="outlive"), "ingest", create=True) as db:
        written = asyncio.run(run(db.dsn))
    assert (written.stored, written.duplicate) == (10, 10)


def test_server_that_is_away_is_one_error(data: Path) -> None:
    async def run(dsn: str, cluster: Cluster) -> list[type[Exception]]:
        found: list[type[Exception]] = []
        async with Writer.open(dsn, SERVICES) as writer:
            await writer.register([binding()])
            cluster.stop()
            for _ in range(2):
                try:
                    await writer.write("feed", Batch([*fixes(10), value(), case()]))
                except StoreError as error:
                    found.append(type(error))
        return found

    with database(Settings(data=data, city="away"), "ingest", create=True) as db:
        assert asyncio.run(run(db.dsn, Cluster(data))) == [StoreGone, StoreGone]


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (errors.DiskFull("could not extend file: No space left on device\nHINT: Check free disk space."), DiskFull),
        (errors.AdminShutdown("terminating connection"), StoreGone),
        (errors.CannotConnectNow("the database system is starting up"), StoreGone),
        (errors.TooManyConnections("sorry, too many clients already"), StoreGone),
        (psycopg.OperationalError("consuming input failed: server closed the connection"), StoreGone),
    ],
)
def test_errors_are_one_line(error: psycopg.Error, ours: type[StoreError]) -> None:
    found = translate(error, "host=db dbname=x password=secret")
    assert type(found) is ours
    assert "\n" not in str(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize("dsn", ["host=127.0.0.1 port=1 dbname=x", "nonsense"])
async def test_wrong_dsn(dsn: str) -> None:
    with pytest.raises(CannotConnect, match="check VONGLAU_DSN"):
        async with Writer.open(dsn, SERVICES):
            pass
