"""One cluster for a whole test run, shared by its xdist workers; a fresh database for each test."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from geodata import migrate
from geodata.embedded import Cluster, Endpoint
from geodata.embedded.secrets import ADMIN
from geodata.store.connect import session

TEMPLATE = "vonglau_template"
FAST = {
    # a test's database may be lost with the machine; embedded and crash tests run with the real settings
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True)
class TestCluster:
    """A running cluster with a migrated template database."""

    cluster: Cluster
    endpoint: Endpoint
    numbers: Iterator[int]
    __test__ = False

    def admin_dsn(self, database: str = "postgres") -> str:
        return session(self.cluster.dsn(self.endpoint, ADMIN, database))

    def dsn(self, role: str, database: str) -> str:
        return session(self.cluster.dsn(self.endpoint, f"vonglau_{role}", database))

    @contextmanager
    def fresh(self, template: str | None = TEMPLATE) -> Iterator[str]:
        """Name of a copy of the template (None: an empty database), dropped afterwards."""
        name = f"test_{os.getpid()}_{next(self.numbers)}"
        with self.mutex():  # a template cannot be copied twice at once
            migrate.create_database(self.admin_dsn(), name, template=template)
        try:
            yield name
        finally:
            with psycopg.connect(self.admin_dsn(), autocommit=True) as connection:
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    @contextmanager
    def mutex(self) -> Iterator[None]:
        with (self.cluster.data / "tests.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def running(run: str) -> Iterator[TestCluster]:
    """The cluster of the test run ``run``: the first worker makes it, the last one to leave removes it."""
    memory = Path("/dev/shm")  # files in memory: making and dropping a database waits for no disk
    data = (memory if memory.is_dir() else Path(tempfile.gettempdir())) / f"vonglau-tests-{run}"
    cluster = Cluster(data, FAST, shutdown=signal.SIGQUIT)  # nothing of it is kept
    lease = cluster.start()
    try:
        found = TestCluster(cluster, lease.endpoint, count())
        with found.mutex():
            migrate.create_database(found.admin_dsn(), TEMPLATE)
            migrate.migrate(found.admin_dsn(TEMPLATE))
        yield found
    finally:
        lease.close()
        if cluster.running() is None:
            shutil.rmtree(data, ignore_errors=True)
