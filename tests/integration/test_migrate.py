"""Migrations: the same schema from empty as applied again; a changed file is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from geodata import migrate
from geodata.embedded.binaries import find
from geodata.store.connect import libpq_environ
from geodata.store.errors import CannotConnect, DatabaseNewer, MigrationChanged, NoPostGIS, NotMigrated
from tests.support.cluster import TestCluster


def schema(dsn: str) -> str:
    """The catalogue as text: everything but the data and the dump's random key."""
    answer = subprocess.run(
        [find().path("pg_dump"), "--schema-only"],
        env={**libpq_environ(dsn)},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line for line in answer.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


@pytest.fixture
def empty(cluster: TestCluster) -> Iterator[str]:
    with cluster.fresh(template=None) as name:
        yield cluster.admin_dsn(name)


def test_from_empty_equals_applied_twice(empty: str) -> None:
    assert migrate.migrate(empty) == tuple(m.name for m in migrate.migrations())
    once = schema(empty)
    assert migrate.migrate(empty) == ()
    assert schema(empty) == once
    assert "CREATE TABLE vonglau.service_request (" in once


def test_not_migrated(empty: str) -> None:
    with pytest.raises(NotMigrated, match="run vonglau db migrate"):
        migrate.check(empty)


def test_changed_file_is_refused(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate.migrate(empty)
    first, *rest = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: (replace(first, body="select 1"), *rest))
    with pytest.raises(MigrationChanged, match=first.name):
        migrate.migrate(empty)


def test_newer_database_is_refused(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate.migrate(empty)
    known = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: known[:-1])
    with pytest.raises(DatabaseNewer, match=known[-1].name):
        migrate.check(empty)


def test_numbers_follow_each_other() -> None:
    assert [m.number for m in migrate.migrations()] == list(range(1, len(migrate.migrations()) + 1))


def test_server_without_postgis(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("create table pg_available_extensions (name text)")
    hidden = empty.replace("search_path=vonglau,public", "search_path=public,pg_catalog")
    with pytest.raises(NoPostGIS, match="install the postgis package of PostgreSQL 15"):
        migrate.migrate(hidden)


@pytest.mark.parametrize(
    "dsn", ["host=127.0.0.1 port=1 dbname=x", "postgresql://nobody@127.0.0.1:1/x", "no dsn at all"]
)
def test_wrong_dsn_is_one_line(dsn: str) -> None:
    with pytest.raises(CannotConnect) as caught:
        migrate.migrate(dsn)
    assert "\n" not in str(caught.value)
