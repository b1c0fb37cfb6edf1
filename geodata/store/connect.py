"""The way in: from settings to a connection string with the least rights that do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from geodata import migrate
from geodata.embedded import Cluster
from geodata.embedded.secrets import ADMIN
from geodata.settings import Settings
from geodata.store.errors import CannotConnect
from geodata.store.types import Role

import psycopg

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


@contextmanager
def database(settings: Settings, role: Role = "read", *, create: bool = False) -> Iterator[Database]:
    """The city's database for one role.

    ``VONGLAU_DSN`` when set: its user must be a member of the role. Else the embedded cluster of the data folder,
    started when it does not run; the last process to leave stops it. ``create`` makes and migrates the database.
    Raises the errors of ``geodata.store.errors``, each one line.
    """
    with ExitStack() as stack:
        if settings.dsn:
            admin, dsn = session(settings.dsn), session(settings.dsn, role=role)
        else:
            cluster = Cluster(settings.data)
            lease = stack.enter_context(cluster.start())
            name = f"vonglau_{settings.city}"
            admin = session(cluster.dsn(lease.endpoint, ADMIN, name))
            dsn = session(cluster.dsn(lease.endpoint, f"vonglau_{role}", name))
            if create:
                migrate.create_database(cluster.dsn(lease.endpoint, ADMIN), name)
        if create:
            migrate.migrate(admin)
        else:
            migrate.check(dsn)
        yield Database(dsn, settings.city, role)
