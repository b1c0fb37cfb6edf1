"""From the driver's exceptions to ours, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from geodata.errors import VongLauError
from geodata.store.errors import CannotConnect, DiskFull, Forbidden, NotMigrated, StoreGone


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
    match error:
        case psycopg.errors.DiskFull():
            return DiskFull(reason=reason)
        case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedFunction() | psycopg.errors.InvalidSchemaName():
            return NotMigrated(where=where(dsn))
        case psycopg.errors.InsufficientPrivilege():
            return Forbidden(reason=reason)
        case psycopg.errors.AdminShutdown() | psycopg.errors.CrashShutdown() | psycopg.errors.IdleSessionTimeout():
            return StoreGone(where=where(dsn), reason=reason)
        case psycopg.OperationalError() if error.sqlstate is None or error.sqlstate[:2] in {"08", "57", "53"}:
            return StoreGone(where=where(dsn), reason=reason)
        case psycopg.OperationalError() | psycopg.ProgrammingError() if error.sqlstate is None:
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
