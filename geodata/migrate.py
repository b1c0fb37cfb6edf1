"""Brings a database to this program's schema: numbered migrations once, functions and grants every time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from geodata.sql import names, text
from geodata.store.errors import DatabaseNewer, MigrationChanged, NoPostGIS, NotMigrated
from geodata.store.failures import translated, where

LOCK = 0x766F6E67  # "vong"; advisory, so that two migrating processes take turns


@dataclass(frozen=True, slots=True)
class Migration:
    """One file ``NNNN_verb_object.sql``."""

    number: int
    name: str
    body: LiteralString

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Every migration in the order of its number."""
    return tuple(Migration(int(name[:4]), name, text("migrations", name)) for name in names("migrations"))


def migrate(dsn: str) -> tuple[str, ...]:
    """Applies what is missing and re-applies functions and grants; the names of the new migrations.

    ``dsn`` is of a user who may create roles and extensions. Safe to run twice and by two processes at once.
    Raises NoPostGIS, MigrationChanged, DatabaseNewer, CannotConnect.
    """
    with translated(dsn), psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        _need_postgis(connection, dsn)
        with connection.transaction():
            connection.execute(text("setup", "roles"))
            connection.execute(text("setup", "foundation"))
        applied = _applied(connection)
        _compare(applied, dsn)
        done = [m for m in migrations() if m.number not in applied]
        for migration in done:
            with connection.transaction():
                _as_owner(connection)
                connection.execute(migration.body)
                connection.execute(
                    "insert into vonglau.migration (number, name, checksum) values (%s, %s, %s)",
                    [migration.number, migration.name, migration.checksum],
                )
        with connection.transaction():
            _as_owner(connection)
            for name in names("functions"):
                connection.execute(text("functions", name))
            connection.execute(text("setup", "grants"))
    return tuple(m.name for m in done)


def check(dsn: str) -> None:
    """Raises NotMigrated, MigrationChanged or DatabaseNewer when the database is not this program's."""
    with translated(dsn), psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("select to_regclass('vonglau.migration') is not null").fetchone()
        if found is None or not found[0]:
            raise NotMigrated(where=where(dsn))
        applied = _applied(connection)
    _compare(applied, dsn)
    if any(m.number not in applied for m in migrations()):
        raise NotMigrated(where=where(dsn))


def make_roles(connection: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """The store's roles, able to log in with these passwords (an embedded cluster has no other users)."""
    connection.execute(text("setup", "roles"))
    for user, password in passwords.items():
        connection.execute(
            sql.SQL("alter role {} with login password {}").format(sql.Identifier(user), sql.Literal(password))
        )
    connection.commit()


def create_database(admin_dsn: str, name: str, *, template: str | None = None) -> bool:
    """Makes an empty database, or a copy of ``template``; False when it is there already."""
    with translated(admin_dsn), psycopg.connect(admin_dsn, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is not None:
            return False
        clause = sql.SQL("template {}").format(sql.Identifier(template or "template0"))
        try:
            connection.execute(sql.SQL("create database {} {}").format(sql.Identifier(name), clause))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return False
        return True


def is_filled(dsn: str) -> bool:
    """Whether any source was ever registered in the database."""
    try:
        with translated(dsn), psycopg.connect(dsn) as connection:
            row = connection.execute(text("setup", "is_filled")).fetchone()
    except NotMigrated:
        return False
    return bool(row and row[0])


def empty(dsn: str) -> None:
    """Drops our schemas and extensions, so that a dump can be restored."""
    with translated(dsn), psycopg.connect(dsn) as connection:
        connection.execute(text("setup", "empty"))


def _need_postgis(connection: psycopg.Connection, dsn: str) -> None:
    if connection.execute("select from pg_available_extensions where name = 'postgis'").fetchone() is None:
        raise NoPostGIS(where=where(dsn), major=connection.info.server_version // 10000)


def _as_owner(connection: psycopg.Connection) -> None:
    connection.execute("set local role vonglau_owner")
    connection.execute("set local search_path = vonglau, public")


def _applied(connection: psycopg.Connection) -> Mapping[int, tuple[str, str]]:
    rows = connection.execute("select number, name, checksum from vonglau.migration order by number").fetchall()
    return {number: (name, checksum) for number, name, checksum in rows}


def _compare(applied: Mapping[int, tuple[str, str]], dsn: str) -> None:
    known = {m.number: m for m in migrations()}
    for number, (name, checksum) in applied.items():
        if number not in known:
            raise DatabaseNewer(where=where(dsn), found=name, have=max(known, default=0))
        if known[number].checksum != checksum:
            raise MigrationChanged(name=name, where=where(dsn))
