"""One connection, kept, of the one process of a city that has its turn; the others stand by until it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import ClassVar, Self

import psycopg

from geodata.sql import text
from geodata.store.failures import translated
from geodata.store.pool import Connection


class OneTurn:
    """``folder`` of ``geodata/sql`` holds ``turn``, which takes the advisory lock. Not for several threads.

    Methods raise StoreGone when the database is away; the next call connects again.
    """

    folder: ClassVar[str]

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None
        self._has_turn = False

    def turn(self) -> bool:
        """Whether this process is the one of the city; it stays so until its connection is lost."""
        with self._open() as connection:
            if not self._has_turn:
                row = connection.execute(text(self.folder, "turn")).fetchone()
                self._has_turn = bool(row and row[0])
            return self._has_turn

    def close(self) -> None:
        connection, self._connection, self._has_turn = self._connection, None, False
        if connection is not None:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        with translated(self._dsn, opening=False):
            if self._connection is None:
                self._connection = psycopg.connect(self._dsn, autocommit=True)
            try:
                yield self._connection
            except psycopg.Error:
                self.close()
                raise
