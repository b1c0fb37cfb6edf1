"""The server of a table: its URL and password, the driver, a session that may only read and never for too long."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, make_url

from sources._table_options import Sql

DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
CONNECT_S = 10
SPARE_S = 5.0


class CannotRead(ValueError):
    """A URL, a driver or a column that is not there; the message says which."""


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with what may be said of it in a log: never the user or the password."""

    engine: Engine
    where: str
    hidden: tuple[str, ...]
    _raw: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        sa.event.listen(self.engine, "connect", lambda raw, _: self._raw.append(raw))
        sa.event.listen(self.engine, "handle_error", _let_go)

    def cut(self) -> None:
        """Ends every connection from another thread: whoever waits for one of them fails at once."""
        for raw in self._raw:
            with suppress(Exception):  # one that is closed already, or of a driver that shows no socket
                wire = socket.socket(fileno=os.dup(raw.fileno()))
                wire.shutdown(socket.SHUT_RDWR)
                wire.close()

    def told(self, error: BaseException) -> str:
        """The driver's first line without secrets."""
        text = str(getattr(error, "orig", None) or error).strip().splitlines()
        line = " ".join((text[0] if text else type(error).__name__).split())[:300]
        for secret in self.hidden:
            line = line.replace(secret, "***")
        return line


def _let_go(failure: ExceptionContext) -> None:
    """SQLAlchemy leaves the cursor of a lost connection open, and psycopg minds when it is thrown away."""
    cursor = getattr(failure.execution_context, "cursor", None)
    if failure.is_disconnect and cursor is not None:
        with suppress(Exception):
            cursor.close()


def opened(sql: Sql, secret: Callable[[str], str | None]) -> Database:
    """The engine of a URL; nothing is connected yet. Raises CannotRead for a bad URL, a driver or a password that is
    not here.
    """
    url, whole = _url(sql, secret)
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=_arguments(url, sql))
    except exc.NoSuchModuleError as error:
        raise CannotRead(f"no dialect {url.drivername!r} is installed; install its package beside Vọng Lâu") from error
    except ModuleNotFoundError as error:
        raise CannotRead(f"the driver {error.name!r} of {url.drivername!r} is not installed: pip install it") from error
    except (exc.ArgumentError, TypeError, ValueError) as error:
        raise CannotRead(f"what {sql.url_env or 'url'} holds is no database URL") from error
    port = f":{url.port}" if url.port else ""
    where = f"{url.get_backend_name()}://{url.host or ''}{port}/{_shown(url)} {sql.table or 'query'}"
    hidden = tuple(str(part) for part in (url.password, whole) if part)
    return Database(engine, where, hidden)


def _url(sql: Sql, secret: Callable[[str], str | None]) -> tuple[URL, str | None]:
    """The URL with its password; the whole of it as text where all of it is secret. Raises CannotRead."""
    whole = None if sql.url_env is None else secret(sql.url_env)
    if sql.url_env is not None and not whole:
        raise CannotRead(f"the variable {sql.url_env} is not set")
    try:
        url = make_url(sql.url or whole or "")
    except (exc.ArgumentError, ValueError) as error:
        raise CannotRead(f"what {sql.url_env} holds is no database URL") from error
    if sql.password_env is not None:
        if not (password := secret(sql.password_env)):
            raise CannotRead(f"the variable {sql.password_env} is not set")
        url = url.set(password=password)
    if sql.password_file is not None:
        url = url.set(password=_first_line(sql.password_file))
    return url, whole


def _first_line(name: str) -> str:
    """Raises CannotRead."""
    try:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise CannotRead(f"the password's file {name} cannot be read: {reason}") from error
    if not lines or not lines[0]:
        raise CannotRead(f"the password's file {name} is empty")
    return lines[0]


def _shown(url: URL) -> str:
    return (url.database or "").partition("?")[0].rpartition("/")[2]


def _arguments(url: URL, sql: Sql) -> dict[str, Any]:
    """Time limits and read-only sessions, as each maker has them."""
    ms = int(sql.timeout_s * 1000)
    backend = url.get_backend_name()
    if backend == "postgresql" and url.get_driver_name() in {"psycopg", "psycopg2"}:
        options = f"-c default_transaction_read_only=on -c statement_timeout={ms} -c timezone=UTC"
        return {"options": options, "connect_timeout": CONNECT_S, "application_name": "vonglau"}
    if backend in {"mysql", "mariadb"}:
        return {"connect_timeout": CONNECT_S, "read_timeout": math.ceil(silence_s(sql))}
    if backend == "sqlite":
        return {"timeout": CONNECT_S}
    return {}


def silence_s(sql: Sql) -> float:
    """So long nothing may come at all: the server ends a statement before that, unless nobody is there any more."""
    return CONNECT_S + sql.timeout_s + SPARE_S


def guard(connection: Connection, sql: Sql, zone: str) -> None:
    """What some makers take as statements only. A MariaDB may be called MySQL in the URL, and has other words."""
    name, ms = connection.dialect.name, int(sql.timeout_s * 1000)
    if name in {"mysql", "mariadb"}:
        name = "mariadb" if getattr(connection.dialect, "is_mariadb", False) else "mysql"
        offset = datetime.now(ZoneInfo(zone)).strftime("%z")
        connection.exec_driver_sql(f"SET SESSION time_zone = '{offset[:3]}:{offset[3:5]}'")  # of its times without zone
    if name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        _limit_sqlite(connection, sql.timeout_s)
    elif name == "mysql":
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {ms}")
    elif name == "mariadb":
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {sql.timeout_s}")
    elif name == "oracle":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _limit_sqlite(connection: Connection, seconds: float) -> None:
    """SQLite has no clock of its own: it asks every so many instructions whether to go on."""
    end = monotonic() + seconds
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: int(monotonic() > end), 100_000)
