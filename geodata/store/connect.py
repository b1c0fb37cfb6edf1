"""The way in: from settings to a connection string with the least rights that do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from geodata import migrate
from geodata.embedded import Cluster, secrets
from geodata.embedded.secrets import ADMIN
from geodata.errors import UsageError
from geodata.settings import Settings
from geodata.store.errors import CannotConnect
from geodata.store.types import Role

SESSION = "-c search_path=vonglau,public -c timezone=UTC -c datestyle=ISO"


@dataclass(frozen=True, slots=True)
class Database:
    """An open door: ``dsn`` is libpq's connection string for that role; it may hold a password, so never log it."""

    dsn: str = field(repr=False)
    city: str
    role: Role


def session(dsn: str, *, role: Role | None = None) -> str:
    """``dsn`` with what every session of ours needs: schema, UTC and, given a role, only the rights of it."""
    try:
        options = str(conninfo_to_dict(dsn).get("options") or "")
        become = f"-c role=vonglau_{role}" if role else ""
        return make_conninfo(dsn, options=" ".join(f"{options} {SESSION} {become}".split()), application_name="vonglau")
    except psycopg.Error as error:
        raise CannotConnect(where="VONGLAU_DSN", reason=" ".join(str(error).split())) from error


def cluster_of(settings: Settings) -> Cluster:
    """The embedded cluster of the data folder. Raises UsageError when VONGLAU_DSN names another server."""
    if settings.dsn:
        raise UsageError(reason="VONGLAU_DSN is set: that server is not ours to start or stop; unset it")
    return Cluster(settings.data)


def libpq_environ(dsn: str) -> Mapping[str, str]:
    """Environment variables of libpq for PostgreSQL's own programs."""
    names = {"dbname": "PGDATABASE", "connect_timeout": "PGCONNECT_TIMEOUT", "application_name": "PGAPPNAME"}
    parts = conninfo_to_dict(dsn)
    return {names.get(key, f"PG{key.upper()}"): str(value) for key, value in parts.items() if key != "options"}


@contextmanager
def admin(settings: Settings, *, create: bool = False) -> Iterator[str]:
    """Connection string of the user who may migrate, back up and prune. ``create`` makes a missing database."""
    if settings.dsn:
        yield session(settings.dsn)
        return
    cluster = Cluster(settings.data)
    with cluster.start() as lease:
        name = f"vonglau_{settings.city}"
        if create:
            migrate.create_database(cluster.dsn(lease.endpoint, ADMIN), name)
        yield session(cluster.dsn(lease.endpoint, ADMIN, name))


@contextmanager
def database(settings: Settings, role: Role = "read", *, create: bool = False) -> Iterator[Database]:
    """The city's database for one role.

    ``VONGLAU_DSN`` when set: its user must be a member of the role. Else the embedded cluster of the data folder,
    started when it does not run; the last process to leave stops it. ``create`` makes and migrates the database.
    Raises the errors of ``geodata.store.errors``, each one line.
    """
    with admin(settings, create=create) as admin_dsn:
        if create:
            migrate.migrate(admin_dsn)
        dsn = _role_dsn(settings, admin_dsn, role)
        if not create:
            migrate.check(dsn)
        yield Database(dsn, settings.city, role)


def _role_dsn(settings: Settings, admin_dsn: str, role: Role) -> str:
    if settings.dsn:
        return session(settings.dsn, role=role)
    user = f"vonglau_{role}"
    password = secrets.load(settings.data / "secrets.json")[user]
    return make_conninfo(admin_dsn, user=user, password=password)
