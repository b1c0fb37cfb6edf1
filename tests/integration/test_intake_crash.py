"""kill -9 of the ingest between the 202 and the store, anywhere: nothing is lost, nothing doubled."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from geodata.settings import Settings
from geodata.store.connect import database
from tests.support.machine import PATIENCE_S
from tests.support.patience import HANG_S
from tests.support.ports import free_port
from tests.support.pushed import message

POINTS = ("before_disk", "before_read", "before_store", "after_store", "after_forget")
KILLS = 2
MESSAGES = 80


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A cluster with its real settings: a commit is on the disk."""
    with tempfile.TemporaryDirectory(prefix="vonglau-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class Ingests:
    """Runs the ingest again and again; each but the last kills itself at its point."""

    def __init__(self, dsn: str, spool: Path) -> None:
        self.dsn, self.spool, self.port = dsn, spool, free_port()
        self.deaths = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, point: str, passes: int) -> None:
        command = [sys.executable, "-m", "tests.support.pushed", self.dsn, str(self.port), str(self.spool)]
        self.process = subprocess.Popen([*command, point, str(passes)], stderr=subprocess.DEVNULL)

    def keep_going(self, point: str, done: threading.Event) -> None:
        for n in range(KILLS):
            self.start(point, n + 2)
            assert self.process is not None
            while self.process.poll() is None and not done.wait(0.02):
                pass
            if done.is_set():
                return
            self.deaths += 1
        self.start("never", 0)

    def end(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(HANG_S)


def post_all(port: int, give_up: float) -> set[int]:
    """Posts every number until it is answered 202, as a sender does that wants it to arrive."""
    answered: set[int] = set()
    with httpx.Client(timeout=HANG_S) as http:
        for n in range(MESSAGES):
            while time.monotonic() < give_up:
                try:
                    if http.post(f"http://127.0.0.1:{port}/in/pushed", content=message(n)).status_code == 202:
                        answered.add(n)
                        break
                except httpx.HTTPError:
                    time.sleep(0.02)
    return answered


def numbers(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select extract(epoch from time - '2026-11-20T05:00:00Z')::int from position")
        return sorted(n for (n,) in rows)


@pytest.mark.parametrize("point", POINTS)
def test_killed_between_the_answer_and_the_store(data: Path, point: str) -> None:
    with database(Settings(data=data, city=point), "ingest", create=True) as db:
        ingests = Ingests(db.dsn, data / f"{point}.sqlite")
        done = threading.Event()
        keeper = threading.Thread(target=ingests.keep_going, args=(point, done))
        keeper.start()
        try:
            answered = post_all(ingests.port, time.monotonic() + PATIENCE_S)
            deadline = time.monotonic() + PATIENCE_S
            while len(numbers(db.dsn)) < MESSAGES and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            keeper.join(PATIENCE_S)
            done.set()
            ingests.end()
        assert answered == set(range(MESSAGES))
        assert numbers(db.dsn) == list(range(MESSAGES)), "each once"
        assert ingests.deaths == KILLS
        with psycopg.connect(db.dsn) as connection:
            sums = connection.execute("select received, stored, duplicate from source_live").fetchone()
        assert sums is not None
        received, stored, duplicate = sums
        assert stored == MESSAGES
        assert received == stored + duplicate
        assert duplicate <= KILLS, "a sender that was not answered sends once more, and nothing else is doubled"
