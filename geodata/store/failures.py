"""From the driver's exceptions to ours, in one place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from geodata.errors import VongLauError
from geodata.store.errors import CannotConnect, DiskFull, Forbidden, NotMigrated, StoreGone

UNMIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName)
MISSING_DATABASE = re.compile(r'database "[^"]*" does not exist')
GONE = {"08", "53", "57"}  # SQLSTATE classes: connection, resources, operator intervention


def where(dsn: str) -> str:
    """Host and database of a connection string, without its secrets."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        return "VONGLAU_DSN"
    host = str(parts.get("host") or "localhost")
    return f"{parts.get('dbname') or ''}@{'socket' if host.startswith('/') else host}"


def translate(error: psycopg.Error, dsn: str) -> VongLauError | None:
    """Our error for the driver's; None when it is a mistake of ours and should be seen as it is."""
    reason = " ".join(str(error).split())
    if isinstance(error, psycopg.errors.DiskFull):
        return DiskFull(reason=reason)
    if isinstance(error, UNMIGRATED) or (error.sqlstate is None and MISSING_DATABASE.search(reason)):
        return NotMigrated(where=where(dsn))
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Forbidden(reason=reason)
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in GONE:
        return StoreGone(where=where(dsn), reason=reason)
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return CannotConnect(where=where(dsn), reason=reason)
    return None


@contextmanager
def translated(dsn: str, *, opening: bool = True) -> Iterator[None]:
    """Raises our errors in place of the driver's. ``opening``: a connection that was not there before."""
    try:
        yield
    except psycopg.Error as error:
        ours = translate(error, dsn)
        if isinstance(ours, StoreGone) and opening:
            ours = CannotConnect(**ours.fields)
        if ours is None:
            raise
        raise ours from error
