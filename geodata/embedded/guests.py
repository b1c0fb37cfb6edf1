"""Databases of others in the private cluster: what a provincial system has of its own, and the login it gives away.

The simulated offices keep theirs here. A guest and the city's store share a server and nothing else: each login may
enter its own database alone.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from geodata.embedded.secrets import ROLES
from geodata.migrate import create_database
from geodata.store.failures import translated

MOST_AT_ONCE = 8
"""Connections of one login: a guest cannot take the city's."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Login:
    """A user of one database with a password that was made for this run."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guest:
    """``keeper`` owns the database; ``reader`` may enter it, reads only, and sees what the keeper grants."""

    database: str
    keeper: Login
    reader: Login


def admit(admin_dsn: str, name: str) -> Guest:
    """The database ``name`` with its two logins, made when they are missing; passwords are new each time.

    ``admin_dsn`` is of the cluster's superuser. Nobody but the store's own roles may enter the stores afterwards.
    Raises ValueError for a name that is none, CannotConnect.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for a guest: {name!r}")
    create_database(admin_dsn, name)
    guest = Guest(name, _login(f"{name}_chu"), _login(f"{name}_doc"))
    with translated(admin_dsn), psycopg.connect(admin_dsn) as connection:
        for login in (guest.keeper, guest.reader):
            _set(connection, login)
        _execute(connection, "alter role {} set default_transaction_read_only = on", guest.reader.user)
        _execute(connection, "alter database {} owner to {}", name, guest.keeper.user)
        _execute(connection, "revoke all on database {} from public", name)
        _execute(connection, "grant connect on database {} to {}", name, guest.reader.user)
        _close_the_stores(connection)
    return guest


def port_of(dsn: str) -> int:
    """The server's port on loopback: a guest's clients come by TCP, as they would over a network."""
    return int(str(conninfo_to_dict(dsn)["port"]))


def _login(user: str) -> Login:
    return Login(user, secrets.token_urlsafe(24))


def _set(connection: psycopg.Connection, login: Login) -> None:
    """The server gets what it verifies the password by, never the password: a statement may stand in a log."""
    if connection.execute("select from pg_roles where rolname = %s", [login.user]).fetchone() is None:
        _execute(connection, "create role {}", login.user)
    proof = connection.pgconn.encrypt_password(login.password.encode(), login.user.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL(
            "alter role {} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
            " connection limit {} password {}"
        ).format(sql.Identifier(login.user), sql.Literal(MOST_AT_ONCE), sql.Literal(proof.decode()))
    )


def _close_the_stores(connection: psycopg.Connection) -> None:
    """By default PostgreSQL lets every login into every database."""
    found = connection.execute(
        "select datname from pg_database where datname like 'vonglau\\_%' or datname in ('postgres', 'template1')"
    ).fetchall()
    users = [f"vonglau_{role}" for role in ROLES]
    known = [row[0] for row in connection.execute("select rolname from pg_roles where rolname = any(%s)", [users])]
    for (name,) in found:
        for user in known:
            _execute(connection, "grant connect, temporary on database {} to {}", name, user)
        _execute(connection, "revoke all on database {} from public", name)


def _execute(connection: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
