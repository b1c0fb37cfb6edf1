"""Fixtures on real parts: a PostGIS cluster, the store's two doors, a browser. A missing part fails the test.

Playwright's synchronous API keeps an event loop of its own in the main thread while it is open, so a module
holds either asynchronous tests or tests with ``chromium``. Tests with ``chromium`` write through ``store``.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser
from xdist.scheduler import LoadFileScheduling

from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.store.writer import Writer
from sources.simulator.broker import Broker
from tests.support import browser
from tests.support.cluster import TestCluster, running
from tests.support.sync_store import SyncStore

settings.register_profile("patient", deadline=None)  # beside other work an example may take any time
settings.load_profile("patient")

Dsn = Callable[[Role], str]
PAGES, CITIES = "pages", "cities"
STARTS = re.compile(r"^(from tests\.(support\.(machine|drill)|faults\.drill) import|import subprocess$)", re.MULTILINE)
"""What a file imports that starts programs of its own and waits for them."""


@cache
def _kind(path: Path) -> str:
    """``pages``, ``cities``, or the name of the folder."""
    folder = path.parent.name
    if folder == "ui":
        return PAGES
    return CITIES if folder != "unit" and STARTS.search(path.read_text(encoding="utf-8")) else folder


class _Scheduling(LoadFileScheduling):
    """A file is one worker's. All pages are one worker's, and so are all files that start whole cities: two cores
    bear a browser with its city and one more, beside two workers that mostly wait on sockets.
    """

    def _split_scope(self, nodeid: str) -> str:
        kind = _kind(self.config.rootpath / nodeid.partition("::")[0])
        return kind if kind in {PAGES, CITIES} else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    config.option.loadscopereorder = False  # xdist would begin with the files of many tests: those are the quick ones
    return _Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker begins a minute of waiting when the others have nothing left to do."""
    turns = {PAGES: 0, CITIES: 1, "unit": 3}
    items.sort(key=lambda item: turns.get(_kind(item.path), 2))


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    """The run's cluster with its migrated template database."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    with running(run) as found:
        yield found


@pytest.fixture
def dsn(cluster: TestCluster) -> Iterator[Dsn]:
    """``dsn(role)``: connection string to this test's own migrated, empty database."""
    with cluster.fresh() as name:
        yield lambda role: cluster.dsn(role, name)


@pytest.fixture
def reader(dsn: Dsn) -> Iterator[Reader]:
    with Reader(dsn("read")) as opened:
        yield opened


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest")) as opened:
        yield opened


@pytest.fixture
def store(dsn: Dsn) -> Iterator[SyncStore]:
    """The writer for synchronous tests: ``store.write(binding, records)``, run in a thread of its own."""
    with SyncStore(dsn("ingest")) as opened:
        yield opened


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    """A mosquitto of this test's own, open."""
    found = Broker(tmp_path / "broker")
    await found.open()
    try:
        yield found
    finally:
        await found.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as opened:
        yield opened
