"""Changes as they are committed: LISTEN, with a full re-sync whenever the connection is a new one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from geodata.sql import text
from geodata.store.failures import translated
from geodata.store.pool import Connection

RETRY_S = 0.5


class Listener:
    """One listening connection, kept between calls of ``changes``."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None

    def changes(self, timeout: float | None) -> Iterator[tuple[str, int]]:
        """(service, version) of every change; ends after ``timeout`` seconds in which nothing came (None: never).

        A new connection, the first one too, yields every service's version first: nothing is missed. Raises
        CannotConnect when the database stays away for ``timeout`` seconds (None: tries for ever).
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                with translated(self._dsn):
                    if self._connection is None:
                        yield from self._sync()
                    while (found := self._next(timeout)) is not None:
                        yield found
                    return
            except psycopg.Error:
                raise
            except Exception:
                self.close()
                if deadline is not None and time.monotonic() + RETRY_S > deadline:
                    raise
                time.sleep(RETRY_S)

    def _sync(self) -> Iterator[tuple[str, int]]:
        self._connection = psycopg.connect(self._dsn, autocommit=True)
        self._connection.execute(text("reader", "listen"))
        yield from self._connection.execute(text("reader", "versions")).fetchall()

    def _next(self, timeout: float | None) -> tuple[str, int] | None:
        assert self._connection is not None
        for notice in self._connection.notifies(timeout=timeout, stop_after=1):
            service, _, version = notice.payload.rpartition(":")
            return service, int(version)
        return None

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
