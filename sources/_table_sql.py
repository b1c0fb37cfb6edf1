"""Tables and views of other databases through SQLAlchemy: read only, in steps, in a thread, never for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from geodata.records import Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._table_header import Header, NoColumns, required, said
from sources._table_options import Sql, TableOptions
from sources._table_poll import STEP, Reading, TooMany, batch, steps
from sources._table_rows import Table
from sources._table_server import CannotRead, Database, guard, opened, silence_s
from sources.base import Context, Garbled, Refused, Unreachable

PROTOCOL = "table"
DENIED = ("password authentication failed", "access denied", "login failed", "permission denied", "not authorized",
          "invalid username", 'role "')  # fmt: skip


def statement(sql: Sql, after: Mapping[str, Any] | None) -> sa.Select[Any]:
    """The rows after the last one read, oldest first, ``step`` at most; the whole without ``changed``."""
    if sql.query is not None:
        source: Any = sa.text(f"({sql.query.rstrip().rstrip(';')}) AS t")
    else:
        schema, _, name = (sql.table or "").rpartition(".")
        source = sa.table(name, schema=schema or None)
    found = sa.select(sa.text("*")).select_from(source)
    if sql.changed is None:
        return found
    changed: Any = sa.column(sql.changed)
    order: list[Any] = [changed]
    found = found.where(changed.is_not(None))
    if sql.tie is not None:
        order.append(sa.column(sql.tie))
    if after:
        last: Any = sa.bindparam("last", after["changed"])
        if sql.tie is not None and after.get("tie") is not None:
            tie: Any = sa.column(sql.tie)
            found = found.where(
                sa.or_(changed > last, sa.and_(changed == last, tie > sa.bindparam("tie", after["tie"])))
            )
        else:
            found = found.where(changed >= last)
    found = found.order_by(*order)
    return found.limit(sql.step) if sql.tie is not None else found


def rows(database: Database, options: TableOptions, sql: Sql, after: dict[str, Any]) -> Table:
    """The table's rows from a cursor on the server; ``after`` moves on with them. Raises CannotRead, NoColumns."""
    connection = database.engine.connect()
    result: Any = None
    try:
        guard(connection, sql, options.timezone)
        result = connection.execution_options(stream_results=True, yield_per=STEP).execute(
            statement(sql, after.get("from"))
        )
        header = Header(tuple(result.keys()))
        places = _places(header, options, sql)
    except BaseException:
        _close(result, connection)
        raise
    return Table(header, _streamed(connection, result, places, after))


def _places(header: Header, options: TableOptions, sql: Sql) -> list[int | None]:
    """Where the changed column and the tie stand. Raises NoColumns, CannotRead."""
    if gone := header.missing(required(options.specs())):
        raise NoColumns(said(header, gone))
    for name in (sql.changed, sql.tie):
        if name is not None and name not in header.names:
            raise CannotRead(f"no column {name!r}; the columns are: {', '.join(header.names[:30])}")
    return [None if name is None else header.names.index(name) for name in (sql.changed, sql.tie)]


def _streamed(connection: Connection, result: Any, places: list[int | None], after: dict[str, Any]) -> Iterator[Any]:
    count = 0
    try:
        for row in result:
            count += 1
            values = [_plain(value) for value in row]
            if places[0] is not None:
                after["last"] = {
                    "changed": row[places[0]],
                    "tie": None if places[1] is None else row[places[1]],
                }
            yield values
    finally:
        after["count"] = count
        _close(result, connection)


def _close(result: Any, connection: Connection) -> None:
    """The cursor on the server first; of a broken transaction it is gone already."""
    with suppress(exc.SQLAlchemyError):
        if result is not None:
            result.close()
    with suppress(exc.SQLAlchemyError):
        connection.close()


def _plain(value: Any) -> Any:
    """UUIDs, ranges and the like as text; numbers, times, texts and bytes as they are."""
    if value is None or isinstance(value, str | int | float | bool | datetime | date | Decimal | bytes | list | dict):
        return value
    return bytes(value) if isinstance(value, memoryview) else str(value)


def to_json(value: Any) -> Any:
    """A cursor's value for the store: times and decimals are marked."""
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, str | int | float) or value is None else str(value)


def from_json(value: Any) -> Any:
    """The value that ``to_json`` wrote."""
    if isinstance(value, dict) and "time" in value:
        return datetime.fromisoformat(str(value["time"]))
    if isinstance(value, dict) and "date" in value:
        return date.fromisoformat(str(value["date"]))
    return value


def _start(sql: Sql, cursor: Cursor | None) -> dict[str, Any] | None:
    """Where to go on: the last row read, a little before it when rows may come late."""
    changed = from_json((cursor or {}).get("changed"))
    if changed is None or sql.changed is None:
        return None
    if sql.overlap_s and isinstance(changed, datetime):
        return {"changed": changed - timedelta(seconds=sql.overlap_s), "tie": None}
    return {"changed": changed, "tie": from_json((cursor or {}).get("tie"))}


def _kept(last: Mapping[str, Any], now: datetime, zone: str) -> dict[str, Any]:
    """The cursor after a row. It never runs ahead of our clock: while another's clock was wrong for an hour, what it
    writes in the hour after would be taken for read.
    """
    changed, tie = last["changed"], last["tie"]
    if isinstance(changed, datetime):
        moment = changed if changed.tzinfo else changed.replace(tzinfo=ZoneInfo(zone))
        if moment > now:
            local = now.astimezone(moment.tzinfo)
            changed, tie = local if changed.tzinfo else local.replace(tzinfo=None), None
    return {"changed": to_json(changed), "tie": to_json(tie)}


async def _heard(
    stream: AsyncGenerator[list[Record | Rejected], None], database: Database, seconds: float
) -> AsyncGenerator[list[Record | Rejected], None]:
    """The steps as they come. A server that says nothing for so long is left: its connections are ended."""
    loop = asyncio.get_running_loop()
    async with aclosing(stream):
        while True:
            timer = loop.call_later(seconds, database.cut)
            try:
                some = await anext(stream, None)
            finally:
                timer.cancel()
            if some is None:
                return
            yield some


async def batches(
    options: TableOptions, sql: Sql, context: Context, cursor: Cursor | None
) -> AsyncGenerator[Batch, None]:
    """One poll. Raises Unreachable, Refused, Garbled."""
    try:
        database = opened(sql, context.secret)
    except CannotRead as error:
        raise Refused(endpoint=f"the database of {sql.url_env or sql.table or 'url'}", reason=str(error)) from error
    reading = Reading.begun(options, context.memory)
    state: dict[str, Any] = dict(cursor or {})
    pool = ThreadPoolExecutor(1, "table")
    whole = False
    try:
        async with aclosing(_steps(database, options, sql, context, state, reading, pool)) as flow:
            async for some in flow:
                yield some
        whole = True
    except (NoColumns, CannotRead, TooMany) as error:
        raise Garbled(endpoint=database.where, protocol=PROTOCOL, reason=str(error)[:250]) from error
    except exc.DBAPIError as error:
        raise _failed(database, error, sql) from error
    except exc.SQLAlchemyError as error:
        raise Garbled(endpoint=database.where, protocol=PROTOCOL, reason=database.told(error)) from error
    finally:
        if not whole:
            database.cut()  # its thread may wait for a server that says nothing, and nobody could stop us then
        pool.shutdown(wait=False)
    last = reading.gone(cursor) if options.snapshot == "close" else []
    if options.snapshot == "close":
        state["things"] = sorted(reading.ids)
    reading.finished(context.memory)
    if last or state != dict(cursor or {}):
        yield batch(last, state)
    if reason := reading.nonsense:
        raise Garbled(endpoint=database.where, protocol=PROTOCOL, reason=reason[:250])


async def _steps(
    database: Database,
    options: TableOptions,
    sql: Sql,
    context: Context,
    state: dict[str, Any],
    reading: Reading,
    pool: ThreadPoolExecutor,
) -> AsyncGenerator[Batch, None]:
    start = _start(sql, state)
    while True:
        after: dict[str, Any] = {"from": start, "count": 0}
        stream = steps(reading, lambda after=after: rows(database, options, sql, after), context.clock(), pool)  # type: ignore[misc]
        async with aclosing(_heard(stream, database, silence_s(sql))) as flow:
            async for some in flow:
                yield batch(some)
        await asyncio.sleep(0)
        if (last := after.get("last")) is not None:
            state.update(_kept(last, context.clock(), options.timezone))
            start = last
        if sql.tie is None or after["count"] < sql.step:
            return
        yield Batch((), dict(state))


def _failed(database: Database, error: exc.DBAPIError, sql: Sql) -> Exception:
    """The driver's failure in the sources' words."""
    told = database.told(error)
    plain = told.casefold()
    if any(words in plain for words in DENIED):
        return Refused(endpoint=database.where, reason=told)
    if any(words in plain for words in ("statement timeout", "interrupted", "maximum statement execution")):
        return Unreachable(endpoint=database.where, reason=f"no answer within {sql.timeout_s:g} s: {told}")
    if isinstance(error, exc.ProgrammingError | exc.DataError) or "no such" in plain or "syntax" in plain:
        return Garbled(endpoint=database.where, protocol=PROTOCOL, reason=told)
    return Unreachable(endpoint=database.where, reason=told)
