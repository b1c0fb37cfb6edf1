"""An office's own database in the private cluster: made, and kept as its register stands, by the office's own login.

The city gets another login, which may read one view. The two databases share a server and nothing else.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL

from geodata.embedded import Cluster
from geodata.embedded.guests import Guest, admit
from geodata.embedded.secrets import ADMIN
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.sql_table import Rows, Table

LOOK_S = 2.0


@dataclass
class SqlOffice:
    """``rows`` is the register as it should stand now; what differs from the database is written."""

    cluster: Cluster
    guest: Guest
    table: Table
    rows: Callable[[], Rows]
    _have: Rows | None = None
    _engine: sa.Engine | None = field(default=None, repr=False)

    def port(self) -> int | None:
        """Of the server on loopback; None while it does not run."""
        endpoint = self.cluster.running()
        return None if endpoint is None else endpoint.port

    def make(self) -> None:
        """The table and its view, empty. Raises sqlalchemy's errors."""
        with self._begun() as connection:
            for statement in self.table.make:
                connection.execute(sa.text(statement.format(reader=self.guest.reader.user)))
            connection.execute(sa.text(f"truncate {self.table.name}"))
        self._have = {}
        self.look()

    def look(self) -> None:
        """Writes what has changed since the last look, all of it or nothing. Raises sqlalchemy's errors."""
        have = self._have or {}
        rows = dict(self.rows())
        new = [{self.table.key: key, **row} for key, row in rows.items() if have.get(key) != row]
        gone = [{"key": key} for key in have if key not in rows]
        if not new and not gone:
            return
        with self._begun() as connection:
            if gone:
                connection.execute(sa.text(f"delete from {self.table.name} where {self.table.key} = :key"), gone)  # noqa: S608 (our own names)
            if new:
                connection.execute(sa.text(self.table.upsert()), new)
        self._have = rows

    async def run(self) -> None:
        """Until cancelled. A server that is away is found again, and the table with it as it was."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await asyncio.to_thread(self.look)
            except (exc.SQLAlchemyError, NoServer):
                continue

    def _begun(self) -> Any:
        return self._connected().begin()

    def _connected(self) -> sa.Engine:
        """Raises NoServer."""
        port = self.port()
        if port is None:
            raise NoServer
        if self._engine is None or self._engine.url.port != port:
            keeper = self.guest.keeper
            url = URL.create("postgresql+psycopg", keeper.user, keeper.password, LOOPBACK, port, self.guest.database)
            self._engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
        return self._engine


class NoServer(Exception):
    """The private server does not run right now."""


async def opened(host: Host, name: str, table: Table, rows: Callable[[], Rows]) -> SqlOffice | None:
    """The office's database, filled, and kept up while the city runs; None where there is no private cluster.

    Raises the errors of ``geodata.store.errors``.
    """
    if host.data is None:
        return None
    cluster = Cluster(host.data)
    lease = await asyncio.to_thread(cluster.start)
    host.on_close(lambda: asyncio.to_thread(lease.close))
    guest = await asyncio.to_thread(admit, cluster.dsn(lease.endpoint, ADMIN), name)
    office = SqlOffice(cluster, guest, table, rows)
    await asyncio.to_thread(office.make)
    host.spawn(office.run())
    return office


def password_file(folder: Path, source: str, password: str) -> Path:
    """A file that its owner alone reads, in the folder of this run."""
    path = folder / f"{source}.password"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(password + "\n")
    return path
